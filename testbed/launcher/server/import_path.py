"""Gives a program the same imports as plain Python, though many modules are imported already."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Container, Iterable, Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from pathlib import Path

from testbed.bootstrap import MODULES_AT_START, safe_path


def put_first(folder: str, keep: Container[str] = ()) -> None:
    """Put a program's folder first on `sys.path`, unless PYTHONSAFEPATH forbids it, as Python does.

    Args:
        folder: the script's folder, or the working folder for a module.
        keep: names of modules that are not replaced, whatever the folder holds.
    """
    if not safe_path():
        sys.path.insert(0, folder)
        _forget_replaced([folder], keep)


def set_path(path: Sequence[str], keep: Container[str] = ()) -> None:
    """Set `sys.path`; `keep` as for `put_first`."""
    new = [folder for folder in path if folder not in sys.path]
    sys.path[:] = path
    _forget_replaced(new, keep)


def _forget_replaced(folders: Sequence[str], keep: Container[str]) -> None:
    """Drop imported modules that plain Python would import from these folders instead.

    A worker has imported TensorFlow before the program begins, and with it a few hundred modules. A
    program with a `cmd.py` beside it would get the standard library's `cmd` from `sys.modules`,
    where plain Python finds the program's file. Libraries that imported a dropped module keep it.
    """
    for name in _offered_by(folders):
        if name in sys.modules and name not in MODULES_AT_START and name not in keep:
            _forget_if_replaced(name)


def _offered_by(folders: Iterable[str]) -> set[str]:
    """The names of modules and packages that these folders may contain."""
    names: set[str] = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            names.update(each.name.partition(".")[0] for each in Path(folder).iterdir())
    return names


def _forget_if_replaced(name: str) -> None:
    if BuiltinImporter.find_spec(name) or FrozenImporter.find_spec(name):
        # Built-in and frozen modules come before every folder.
        return
    found = PathFinder.find_spec(name)
    if found is None or not found.origin:
        # A folder without an __init__.py comes after every module of that name.
        return
    file = getattr(sys.modules[name], "__file__", None)
    if file and os.path.realpath(file) == os.path.realpath(found.origin):
        return
    for each in [*sys.modules]:
        if each == name or each.startswith(f"{name}."):
            del sys.modules[each]
