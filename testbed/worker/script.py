"""Imports a scenario script as it was read before the run, whatever its file holds by now."""

from __future__ import annotations

import importlib.abc
import importlib.util
import linecache
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from testbed.catalogue.scenario import Scenario
from testbed.launcher.server.import_path import put_first


class ScriptError(ImportError):
    """A script that cannot be run as it was listed."""


class _AsRead(importlib.abc.InspectLoader):
    """Loads a module from bytes, under the name of the file that they were read from.

    No bytecode is read or written: it would be that of the file as it is now.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self._data = data
        # Code needs a file name that is text: TensorFlow cannot trace what stands in another one.
        self._file = os.fsencode(path).decode("utf-8", "backslashreplace")

    def get_source(self, fullname: str) -> str:
        """The text of the script."""
        return importlib.util.decode_source(self._data)

    def get_code(self, fullname: str) -> CodeType:
        """The code of the script."""
        return compile(self._data, self._file, "exec", dont_inherit=True)

    def remember_lines(self, path: Path) -> None:
        """Have tracebacks, `inspect` and AutoGraph see the lines that run."""
        for name in (str(path), self._file):
            remember_lines(name, self._data)


def remember_lines(file: str, data: bytes) -> None:
    """Have tracebacks, `inspect` and AutoGraph take these for the lines of a file."""
    text = importlib.util.decode_source(data)
    # Without a time, so that nobody compares them with the file.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def import_script(path: Path, copy: Path, declared: Mapping[str, Sequence[str]]) -> ModuleType:
    """Import a scenario script as `python path` would find it and what lies beside it.

    Args:
        path: the script's file.
        copy: a copy of it from before the run, which is what is imported.
        declared: what the catalogue has read of it: of each scenario its `Scenario.ways`.

    Raises:
        ScriptError: the copy is gone, or the script declares something else than was read.
    """
    try:
        loader = _AsRead(path, copy.read_bytes())
    except OSError as problem:
        raise ScriptError(f"the copy of {path} in the run's folder: {problem}") from problem
    # The testbed of this worker is the one whose scenarios these are.
    put_first(str(path.parent), keep={"testbed"})
    spec = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    if spec is None:
        raise ScriptError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader.remember_lines(path)
    loader.exec_module(module)
    _require_as_read(module, declared)
    return module


def _require_as_read(module: ModuleType, declared: Mapping[str, Sequence[str]]) -> None:
    """Hold what an import has declared against what the catalogue has read without one.

    Raises:
        ScriptError: they differ, so that a scenario would never run, or run in other ways.
    """
    found = {
        made.name: made.ways
        for made in vars(module).values()
        # Not those of a script that this one imports.
        if isinstance(made, Scenario) and made.function.__module__ == module.__name__
    }
    for name in dict.fromkeys([*declared, *found]):
        if name not in found:
            raise ScriptError(f"'{name}' is no scenario any more once the script is imported")
        if name not in declared:
            raise ScriptError(
                f"'{name}' is a scenario only once the script is imported, so that it is not"
                " listed; decorate a function at the top level of the script"
            )
        if found[name] != list(declared[name]):
            raise ScriptError(
                f"'{name}' has other sites, modes or strategies once the script is imported"
                f" ({', '.join(found[name])}) than are listed ({', '.join(declared[name])});"
                " give them as literals"
            )
