"""Python state: numbers, lists and variables that a replica function changes."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from testbed.check.observations.seen import StateChange
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

STEPS = 0
LATEST = 0
SEEN: list[int] = []


class Tally:
    def __init__(self) -> None:
        self.calls = 0
        self.weight: Any = None

    def count(self) -> None:
        self.calls += 1  # at: attribute

    def move(self) -> None:
        self.weight = self.weight + 1.0  # at: variable


def shown(change: StateChange) -> tuple[str, str, Any, Any, str]:
    return change.name, change.kind, change.before, change.after, HERE.name(change.place)


def test_a_global_number_that_each_replica_increments(
    mirrored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run in which it changes is kept, with both values and the statement."""
    monkeypatch.setitem(globals(), "STEPS", 0)

    def step() -> None:
        global STEPS
        STEPS += 1  # at: global

    def program() -> None:
        mirrored.run(step)
        mirrored.run(step)

    (change,) = observed(program).changes
    assert shown(change) == ("STEPS", "number", 0, 2, "global")
    assert change.file == __file__


def test_a_list_that_each_replica_extends(mirrored: Any) -> None:
    """Its lengths are kept, and the statement that makes it grow."""
    losses: list[float] = []

    def step() -> None:
        losses.append(1.0)  # at: list

    (change,) = observed(lambda: mirrored.run(step)).changes
    assert shown(change) == ("losses", "list", 0, 2, "list")


def test_an_attribute_of_a_bound_object(mirrored: Any) -> None:
    """It is named as the author writes it."""
    tally = Tally()
    (change,) = observed(lambda: mirrored.run(tally.count)).changes
    assert shown(change) == ("self.calls", "number", 0, 2, "attribute")


def test_a_tensor_that_takes_the_place_of_a_variable(mirrored: Any) -> None:
    """The variable is lost by it; its name is kept."""
    tally = Tally()

    def program() -> None:
        tally.weight = tf.Variable(1.0, name="weight")
        mirrored.run(tally.move)

    (change,) = observed(program).changes
    assert shown(change) == ("self.weight", "variable", "weight:0", "", "variable")


def test_a_number_that_replaces_the_old_one_counts_nothing(
    mirrored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What depends on no former value is the same however many replicas set it."""
    monkeypatch.setitem(globals(), "LATEST", 0)

    def step(number: int) -> None:
        global LATEST
        LATEST = number

    assert observed(lambda: mirrored.run(step, (3,))).changes == ()
    assert LATEST == 3


def test_what_the_caller_counts_is_no_change_of_a_replica(mirrored: Any) -> None:
    """PythonState that changes between two runs is right."""
    rounds: list[int] = []

    def step() -> None:
        tf.constant(len(rounds))

    def program() -> None:
        for number in range(3):
            mirrored.run(step)
            rounds.append(number)

    assert observed(program).changes == ()
    assert len(rounds) == 3
