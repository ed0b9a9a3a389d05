"""Imports a scenario script from the copy made before the run, not from its current file."""

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
from testbed.orders.case import ScenarioScript


class ScriptError(ImportError):
    """The script cannot be run as it was listed."""


class _AsRead(importlib.abc.InspectLoader):
    """Loads a module from bytes, under the name of the file that they were read from.

    No bytecode is read or written: it would belong to the current content of the file.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self._data = data
        # The file name in the code must be valid text: otherwise TensorFlow cannot trace it.
        self._file = os.fsencode(path).decode("utf-8", "backslashreplace")

    def get_source(self, fullname: str) -> str:
        """The text of the script."""
        return importlib.util.decode_source(self._data)

    def get_code(self, fullname: str) -> CodeType:
        """The code of the script."""
        return compile(self._data, self._file, "exec", dont_inherit=True)

    def remember_lines(self, path: Path) -> None:
        """Make tracebacks, `inspect` and AutoGraph show the lines that run."""
        for name in (str(path), self._file):
            remember_lines(name, self._data)


def remember_lines(file: str, data: bytes) -> None:
    """Make tracebacks, `inspect` and AutoGraph use these bytes as the lines of a file."""
    text = importlib.util.decode_source(data)
    # Without a time, so that linecache does not compare them with the file.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def import_script(script: ScenarioScript) -> ModuleType:
    """Import the copy of a scenario script with the import path that `python path` would have.

    Raises:
        ScriptError: the copy is gone, or the script declares other scenarios than were read.
    """
    path = Path(script.path)
    try:
        loader = _AsRead(path, Path(script.copy).read_bytes())
    except OSError as problem:
        raise ScriptError(f"the copy of {path} in the run's folder: {problem}") from problem
    # The script must use the testbed of this worker, not one beside the script.
    put_first(str(path.parent), keep={"testbed"})
    spec = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    if spec is None:
        raise ScriptError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    loader.remember_lines(path)
    loader.exec_module(module)
    _require_as_read(module, script.declared)
    return module


def _require_as_read(module: ModuleType, declared: Mapping[str, Sequence[str]]) -> None:
    """Compare the imported scenarios with those that the catalogue read without an import.

    Raises:
        ScriptError: they differ, so that a scenario would never run, or run in other ways.
    """
    found = {
        made.name: made.ways
        for made in vars(module).values()
        # Excludes scenarios of a script that this one imports.
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
