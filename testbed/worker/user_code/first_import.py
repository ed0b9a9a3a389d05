"""Makes the preloaded TensorFlow look as if it were not imported, until the program imports it."""

from __future__ import annotations

import contextlib
import importlib.machinery
import logging
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_NAME = "tensorflow"


class _PreloadedModule:
    """Returns a preloaded module at its first import, and repeats the effects of that import."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec: Any = module.__spec__
        self._logger = logging.getLogger(_NAME)
        self._handlers = [*self._logger.handlers]
        for handler in self._handlers:
            self._logger.removeHandler(handler)

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Find the preloaded module, and no other one, as an `importlib.abc.MetaPathFinder`."""
        if name != _NAME:
            return None
        spec = importlib.machinery.ModuleSpec(
            name,
            self,  # type: ignore[arg-type]
            origin=self._spec.origin,
            is_package=True,
        )
        spec.submodule_search_locations = self._spec.submodule_search_locations
        spec.has_location = self._spec.has_location
        return spec

    def create_module(self, _: importlib.machinery.ModuleSpec) -> ModuleType:
        """Return the preloaded module unchanged."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Repeat the part of the import that depends on the state of the program."""
        module.__spec__ = self._spec
        self.put_back()
        # TensorFlow adds a handler to its logger, unless the program has configured logging before.
        if not logging.root.handlers:
            for handler in self._handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(sys.stderr)
                self._logger.addHandler(handler)

    def put_back(self) -> None:
        """Restore the module in `sys.modules`, and stop finding imports."""
        sys.modules[_NAME] = self._module
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)


@contextlib.contextmanager
def not_imported_yet() -> Iterator[None]:
    """Hide TensorFlow in the block until the code there imports it.

    A program that never imports it sees neither the module nor its handlers in `logging`.
    """
    module = sys.modules.pop(_NAME, None)
    if module is None:
        yield
        return
    preloaded = _PreloadedModule(module)
    sys.meta_path.insert(0, preloaded)
    try:
        yield
    finally:
        preloaded.put_back()
