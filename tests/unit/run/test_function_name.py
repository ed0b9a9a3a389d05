"""How workers find a function that is launched."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.errors import UsageError
from testbed.orders.own_code import FunctionName
from testbed.run.user_code.function_name import name_of


def at_the_top() -> None: ...


@functools.lru_cache
def decorated() -> None: ...


class Trainer:
    @staticmethod
    def static() -> None: ...

    @classmethod
    def of_class(cls) -> None: ...

    def of_object(self) -> None: ...

    def __call__(self) -> None: ...


class Inherits(Trainer): ...


def makes() -> Callable[[], None]:
    def inner() -> None: ...

    return inner


def replaced() -> None: ...


original = replaced


def replaced() -> None: ...  # type: ignore[no-redef]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (at_the_top, "at_the_top"),
        (decorated, "decorated"),
        (Trainer.static, "Trainer.static"),
        (Trainer.of_class, "Trainer.of_class"),
        (Trainer.of_object, "Trainer.of_object"),
    ],
)
def test_a_function_is_found_by_its_name(function: Callable[..., Any], name: str) -> None:
    """What stands in a module, or in a class there, has the name by which it is reached."""
    assert name_of(function) == FunctionName(name, module=__name__)


def test_a_function_of_c_has_a_name() -> None:
    """Functions that are not written in Python are found, too."""
    assert name_of(len) == FunctionName("len", module="builtins")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: None, "a lambda, because workers could not find it: it has no name;"),
        (makes(), "inner, because workers could not find it: it is made anew whenever makes is"),
        (Trainer().of_object, "Trainer.of_object, because workers could not find it: it is the"),
        (Inherits.of_class, "Trainer.of_class is something else"),
        (original, "replaced is something else"),
        (functools.partial(at_the_top), "an object of type functools.partial, because"),
        (Trainer(), "Trainer, because workers could not find it: it has no name"),
        (None, "an object of type builtins.NoneType"),
        ("train", "an object of type builtins.str"),
    ],
    ids=["lambda", "inner", "method", "inherited", "replaced", "partial", "object", "none", "text"],
)
def test_what_nobody_finds_is_refused(function: Any, told: str) -> None:
    """One line says what it is, why workers could not find it, and what they could."""
    with pytest.raises(UsageError) as raised:
        name_of(function)
    assert told in str(raised.value)
    assert str(raised.value).startswith("cannot launch ")
    assert str(raised.value).endswith("stands at the top of a script or a module")
    assert "\n" not in str(raised.value)


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A `__main__` with a function."""
    module = types.ModuleType("__main__")
    exec("def train(): pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", module)
    return module


def test_a_function_of_a_script_is_found_in_its_file(main: types.ModuleType) -> None:
    """Of `python train.py` the file is what workers need."""
    main.__file__ = __file__
    assert name_of(main.train) == FunctionName("train", script=__file__)


def test_a_function_of_python_m_is_found_in_its_module(main: types.ModuleType) -> None:
    """Of `python -m package.train` it is the module that has both names."""
    main.__file__ = __file__
    main.__spec__ = types.SimpleNamespace(name="package.train")  # type: ignore[assignment]
    assert name_of(main.train) == FunctionName("train", module="package.train")


@pytest.mark.parametrize("file", [None, "<stdin>"])
def test_an_interpreter_has_no_file(main: types.ModuleType, file: str | None) -> None:
    """What was typed into an interpreter or a notebook is in no file that workers could run."""
    if file:
        main.__file__ = file
    with pytest.raises(UsageError, match="it stands in no file, but in an interpreter"):
        name_of(main.train)


def test_a_module_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A function whose module nobody can import is refused by the module's name."""
    module = types.ModuleType("made_by_hand")
    exec("def train(): pass", module.__dict__)
    with pytest.raises(UsageError, match="its module made_by_hand cannot be imported"):
        name_of(module.train)
