"""TensorFlow as a program finds it when it imports it, though this process has it already."""

from __future__ import annotations

import contextlib
import importlib.machinery
import logging
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_NAME = "tensorflow"


class _Kept:
    """Gives a module to who imports it first, and does then what its own import would do."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec: Any = module.__spec__
        self._logger = logging.getLogger(_NAME)
        self._handlers = [*self._logger.handlers]
        for handler in self._handlers:
            self._logger.removeHandler(handler)

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
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
        """The module as it is."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Do again what depends on what the program did before."""
        module.__spec__ = self._spec
        self.put_back()
        # TensorFlow gives its logger a handler, unless the program has set up logging by then.
        if not logging.root.handlers:
            for handler in self._handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(sys.stderr)
                self._logger.addHandler(handler)

    def put_back(self) -> None:
        """Have the module where it was."""
        sys.modules[_NAME] = self._module
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)


@contextlib.contextmanager
def not_imported_yet() -> Iterator[None]:
    """Have TensorFlow imported by the code within, if by any.

    A program that never does finds neither the module nor what its import leaves in `logging`.
    """
    module = sys.modules.pop(_NAME, None)
    if module is None:
        yield
        return
    kept = _Kept(module)
    sys.meta_path.insert(0, kept)
    try:
        yield
    finally:
        kept.put_back()
