"""Whether a function on the stack goes on to read what is kept in a spot."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.callers import read_by_caller
from testbed.worker.watching.python_state.object_graph import CLOSURE, Spot
from tests.watching.observing import Lines

HERE = Lines(__file__)

TOTAL = 0

GLOBAL = Spot("TOTAL", __file__)


def of(holder: Any) -> Spot:
    return Spot("holder.value", __file__, id(holder))


def test_a_global_that_is_read_below() -> None:
    """The line further down counts, not the one above."""
    print(TOTAL)
    found = read_by_caller(GLOBAL)
    print(TOTAL)  # at: global
    assert HERE.name(found) == "global"
    assert found is not None
    assert found.function == "test_a_global_that_is_read_below"


def test_a_local_of_the_same_name_is_another_thing() -> None:
    """It is not the module's."""
    TOTAL = 1
    found = read_by_caller(GLOBAL)
    print(TOTAL)
    assert found is None


def test_an_attribute_is_that_of_its_object() -> None:
    """The same attribute of another object is not read for it."""
    mine, other = SimpleNamespace(value=1), SimpleNamespace(value=2)
    found, of_other = read_by_caller(of(mine)), read_by_caller(of(other))
    print(mine.value)  # at: attribute
    assert HERE.name(found) == "attribute"
    assert of_other is None


def test_an_entry_is_that_of_its_key() -> None:
    """A constant key reads its own entry; a computed one may read any."""
    kept = {"a": 1, "b": 2}
    key = "a"
    spots = [Spot(f"kept[{name!r}]", __file__, id(kept)) for name in ("a", "b", "c")]
    found = [read_by_caller(spot) for spot in spots]
    print(kept["a"], key)  # at: a
    print(kept["b"], key)  # at: b
    assert [HERE.name(each) for each in found] == ["a", "b", "any"]
    of_any = read_by_caller(spots[2])
    print(kept[key])  # at: any
    assert HERE.name(of_any) == "any"


def test_a_caller_further_up_counts() -> None:
    """Every function on the stack of the author is looked at."""

    def inner() -> Any:
        return read_by_caller(GLOBAL)

    found = inner()
    print(TOTAL)  # at: further up
    assert HERE.name(found) == "further up"


def test_a_closure_is_read_by_the_function_that_owns_it() -> None:
    """A name that an inner function holds is read where its owner does so."""
    held = 1

    def inner() -> Any:
        return held, read_by_caller(Spot("held", __file__, CLOSURE))

    _, found = inner()
    print(held)  # at: owner
    assert HERE.name(found) == "owner"


def test_setting_is_not_reading() -> None:
    """A statement that replaces the value, or an entry, does not read it."""
    holder = SimpleNamespace(value=1)
    found = read_by_caller(of(holder))
    holder.value = 2
    assert found is None


def read_after(*_: object) -> SourceLine | None:
    """The line at which a caller reads the global after this call, whatever its arguments are."""
    return read_by_caller(GLOBAL)


def test_the_arguments_of_the_call_itself_are_read_before() -> None:
    """A call may go over several lines."""
    found = read_after(
        TOTAL,
    )
    assert found is None


def test_a_call_within_another_one() -> None:
    """The lines of both may be arguments of the call that runs."""
    found = list(map(str, [read_after(TOTAL, (TOTAL,
        TOTAL))]))  # fmt: skip
    assert found == ["None"]


def test_a_name_below_a_call_of_several_lines() -> None:
    """The line after the call counts."""
    found = read_after(
        TOTAL,
    )
    print(TOTAL)  # at: below
    assert HERE.name(found) == "below"


def test_the_arguments_of_a_call_in_a_loop_are_read_again() -> None:
    """The next round of the loop reads them after this one has returned."""
    found = None
    for _ in range(2):
        found = read_after(
            TOTAL,  # at: argument
        )
    assert HERE.name(found) == "argument"
