"""Names a function so that another process can import it, because functions cannot be sent."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.errors import UsageError
from testbed.orders.own_code import FunctionName


def name_of(function: Callable[..., Any]) -> FunctionName:
    """The place and the name of a function.

    Raises:
        UsageError: another process could not find the function.
    """
    name, home = _names(function)
    module = sys.modules.get(home)
    if module is None:
        raise _refused(name, f"its module {home} cannot be imported")
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    # Each access to a class method makes a new object.
    if found is not function and not (_is_method(function) and found == function):
        raise _refused(name, f"{home}.{name} is something else")
    if home != "__main__":
        return FunctionName(name, module=home)
    # Started by `python -m package.module`: workers can import that module.
    spec = module.__spec__
    if spec is not None and spec.name != "__main__":
        return FunctionName(name, module=spec.name)
    file = Path(getattr(module, "__file__", None) or "")
    if not file.is_file():
        raise _refused(name, "it stands in no file, but in an interpreter or a notebook")
    return FunctionName(name, script=str(file.absolute()))


def _names(function: Any) -> tuple[str, str]:
    """The name of a function and of its module."""
    name, home = getattr(function, "__qualname__", None), getattr(function, "__module__", None)
    if not callable(function) or not isinstance(name, str) or not isinstance(home, str):
        kind = type(function)
        raise _refused(f"an object of type {kind.__module__}.{kind.__qualname__}", "it has no name")
    if "<lambda>" in name:
        raise _refused("a lambda", "it has no name")
    if "<locals>" in name:
        outer, _, inner = name.rpartition(".<locals>.")
        raise _refused(inner, f"it is made anew whenever {outer} is called")
    if _is_method(function) and not isinstance(function.__self__, type):
        raise _refused(name, "it is the method of one object")
    return name, home


def _is_method(function: Any) -> bool:
    return isinstance(function, types.MethodType)


def _refused(what: str, why: str) -> UsageError:
    return UsageError(
        f"cannot launch {what}, because workers could not find it: {why};"
        " launch a function that stands at the top of a script or a module"
    )
