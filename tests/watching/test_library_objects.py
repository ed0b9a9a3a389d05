"""The author's objects that objects of libraries hold."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.watching.python_state.library_objects import LibraryObjects
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

HOLDER = tf.Module()


class Falling:
    """A schedule that counts its calls."""

    def __init__(self) -> None:
        self._calls = 0
        self.blocks: list[int] = []

    def rate(self) -> float:
        self._calls += 1  # at: counted
        return 1.0 / self._calls

    def made_once(self) -> int:
        if not self.blocks:
            self.blocks.append(1)
        return len(self.blocks)


def holding(held: Any) -> Any:
    module = tf.Module()
    module.held = held
    return module


def test_each_way_of_holding() -> None:
    """An attribute, containers within containers, a bound method, a partial, and a closure."""
    own = Falling()
    for held in (
        *(own, [own], {"a": (own,)}, SimpleNamespace(x=own), own.rate),
        *(functools.partial(own.rate), functools.partial(id, own), lambda: own.rate()),
        holding(holding(own)),
    ):
        assert LibraryObjects().search([holding(held)]) == [own]
    assert LibraryObjects().search([[own], {"a": own}, [[own]]]) == [own]


def test_what_is_not_followed() -> None:
    """Data, variables, strategies, and what lies too deep."""
    deep: Any = Falling()
    for _ in range(10):
        deep = holding(deep)
    strategy = tf.distribute.get_strategy()
    variable = tf.Variable(1.0)
    variable.held = strategy.held = Falling()
    many = [Falling()] * 2000
    assert LibraryObjects().search([deep, strategy, variable, many, tf, "text", 1]) == []
    del strategy.held


def test_objects_that_are_attached_later() -> None:
    """The search is repeated, ever more seldom; what is gone is not kept alive."""
    module, own = holding(None), Falling()
    known = LibraryObjects()
    assert known.search([module]) == []
    module.held = own
    assert [own] in [known.search([module]) for _ in range(3)]
    del own
    module.held = None
    assert [] in [known.search([module]) for _ in range(5)]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_schedule_within_an_optimizer(
    mirrored: Any, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    """It is named as the author writes it, at the author's line."""
    optimizer = holding({"rate": Falling()})
    monkeypatch.setitem(globals(), "HOLDER", optimizer)

    def step() -> Any:
        return optimizer.held["rate"].rate()

    def train() -> None:
        mirrored.run(step)

    (change,) = observed(tf.function(train) if compiled else train).changes
    assert (change.name, change.before, change.after) == ("self._calls", 0, 2)
    assert HERE.is_at(change.place, "counted")
    assert change.used


def test_what_one_replica_makes_for_all(mirrored: Any) -> None:
    """A list that the first replica fills, and the others find filled, is no count of replicas."""
    held = holding(Falling())

    def step() -> Any:
        return held.held.made_once()

    assert observed(lambda: mirrored.run(step)).changes == ()
    assert held.held.blocks == [1]
