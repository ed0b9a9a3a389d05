"""Orders and envelopes arrive as they were sent, and nothing else is accepted in their place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from testbed.decoding import InvalidDataError, decoded
from testbed.launcher.entry import Entry, Envelope, implementation_of


@dataclass(frozen=True)
class Part:
    """A part of the orders of these tests."""

    numbers: tuple[int, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class Whole:
    """The orders of these tests."""

    part: Part
    seconds: float
    anything: Any = None


ENTRY = Entry(f"{__name__}:take", Whole)
TAKEN: list[Whole] = []


@ENTRY.implementation
def take(orders: Whole, channel: object) -> None:
    TAKEN.append(orders)


@pytest.mark.parametrize(
    "orders",
    [Whole(Part(), 0), Whole(Part((1, 2), "ü\ud800"), 0.5, {"any": [1, None]})],
    ids=["empty", "full"],
)
def test_orders_arrive_as_they_were_sent(orders: Whole) -> None:
    """An entry encodes orders, and its implementation gets equal ones of the same class."""
    line = Envelope(ENTRY.assignment(orders), "stacks", "joined").to_line()
    assert "\n" not in line
    envelope = Envelope.from_line(line)
    assert (envelope.stacks, envelope.hold_at) == ("stacks", "joined")
    channel: Any = None
    implementation_of(envelope.assignment.entry)(envelope.assignment.orders, channel)
    assert TAKEN.pop() == orders
    assert ENTRY.module == __name__


def test_an_entry_that_nothing_implements() -> None:
    """A name without a declared function is an error, also where a function has that name."""
    with pytest.raises(KeyError):
        implementation_of(f"{__name__}:test_an_entry_that_nothing_implements")


@pytest.mark.parametrize(
    "changed",
    [
        {"seconds": "1"},
        {"seconds": None},
        {"part": {"numbers": [True], "name": None}},
        {"part": {"numbers": "12", "name": None}},
        {"part": {"numbers": [], "name": 1}},
        {"part": {"numbers": []}},
        {"part": []},
        {"more": 1},
    ],
    ids=str,
)
def test_another_type_than_declared_is_refused(changed: dict[str, Any]) -> None:
    """A report that the user's code has damaged does not pass as one."""
    whole = Whole(Part((1,)), 1.0)
    data = json.loads(json.dumps(asdict(whole)))
    assert decoded(Whole, data) == whole
    with pytest.raises(InvalidDataError):
        decoded(Whole, {**data, **changed})
