"""Values that the author's code can reach, and where they are kept."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

import numpy
import pytest

from testbed.worker.watching.python_state.object_graph import (
    CLOSURE,
    Spot,
    file_of,
    held_by,
    innermost,
    reached_from,
)

REACHED = {"key": 41}


class Inner:
    def __init__(self) -> None:
        self.deep = 7


class Outer:
    shared = 5

    def __init__(self) -> None:
        self.inner = Inner()
        self._hidden = 1
        self.itself = self

    def step(self) -> None:
        pass


def test_a_module_s_names_and_the_entries_of_its_dicts() -> None:
    """Each has its spot, with the owner 0 for a module and the dict for an entry."""
    found = dict(reached_from(None, []))
    assert found[Spot("REACHED", __file__)] is REACHED
    assert found[Spot("REACHED['key']", __file__, id(REACHED))] == 41
    assert [spot for spot in found if spot.name.startswith("__builtins__[")] == []


def test_a_module_that_takes_the_place_of_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's program may replace a module, by one of another name or of the same name."""

    def names_with(name: str, file: str, number: str) -> set[str]:
        module = ModuleType(name)
        vars(module).update({"__file__": file, number: 1})
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, name, module)
            found = {spot.name for spot, _ in reached_from(None, []) if spot.file == file}
        return found & {"ONE", "TWO"}

    assert names_with("first_of_two", __file__, "ONE") == {"ONE"}
    assert names_with("second_of_two", __file__, "TWO") == {"TWO"}
    assert names_with("second_of_two", f"{__file__}.other", "ONE") == {"ONE"}


def test_the_attributes_of_an_object_and_of_its_class() -> None:
    """Objects of the author's classes are followed, without private attributes and circles."""
    outer = Outer()
    found = dict(reached_from(None, [outer]))
    assert found[Spot("self.inner.deep", __file__, id(outer.inner))] == 7
    assert found[Spot("Outer.shared", __file__, id(Outer))] == 5
    names = [spot.name for spot in found]
    assert "self._hidden" not in names
    assert "self.itself.inner" not in names


def test_a_closure_s_values_and_a_method_s_object() -> None:
    """The function gives what it closes over, the method gives `self`."""
    steps, outer = 3, Outer()

    def step() -> int:
        return steps

    assert list(held_by(step)) == [("steps", 3, __file__)]
    assert dict(reached_from(step, []))[Spot("steps", __file__, CLOSURE)] == 3
    assert list(held_by(outer.step)) == [("self", outer, "")]
    found = dict(reached_from(outer.step, []))
    assert found[Spot("self.inner.deep", __file__, id(outer.inner))] == 7


def test_a_cell_that_is_not_set_yet_holds_nothing() -> None:
    """A function that is asked before its names exist shows those that do."""

    def step() -> Any:
        return early, late

    early = 1
    before = list(held_by(step))
    late = 2
    assert [name for name, *_ in before] == ["early"]
    assert [name for name, *_ in held_by(step)] == ["early", "late"]


def test_the_function_within_its_wrappers() -> None:
    """Partial functions and decorators are taken off."""

    def step(number: int) -> int:
        return number

    @functools.wraps(step)
    def wrapped(number: int) -> int:
        return step(number)

    assert innermost(functools.partial(wrapped, 1)) is step
    assert innermost(step) is step


def test_only_the_author_s_classes_have_files() -> None:
    """A library's class, and a builtin one, have none."""
    assert file_of(Outer) == __file__
    assert [file_of(kind) for kind in (int, numpy.ndarray, Spot)] == ["", "", ""]
