"""Lines at which replicas of one worker meet, and variables that they ask for."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Crossed
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def number() -> int:
    return int(tf.distribute.get_replica_context().replica_id_in_sync_group)


def meet(value: float) -> Any:
    context = tf.distribute.get_replica_context()
    return context.all_reduce("SUM", tf.constant(value))


def names(crossed: Crossed) -> list[str]:
    return [HERE.name(place) for place in crossed.places]


def test_replicas_that_meet_at_different_lines(mirrored: Any) -> None:
    """The first lines that differ are kept, once a run."""

    def step() -> None:
        if number() == 0:
            meet(1.0)  # at: first
            meet(1.0)
        else:
            meet(2.0)  # at: second
            meet(2.0)

    found = observed(lambda: mirrored.run(step))
    (crossed,) = found.crossed
    assert (names(crossed), crossed.replica) == (["first", "second"], 1)
    assert found.mixed_up == ()


def test_replicas_that_meet_at_one_line(mirrored: Any) -> None:
    """That is right, whatever they bring."""

    def step() -> None:
        for _ in range(2):
            meet(float(number()))

    assert observed(lambda: mirrored.run(step)).crossed == ()


def test_the_same_variable_from_different_lines_is_right(mirrored: Any) -> None:
    """Both replicas update one variable together."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
            other = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

        def step(*, same: bool) -> None:
            if number() == 0:
                weight.assign_add(tf.constant(1.0))  # at: weight
            else:
                (weight if same else other).assign_add(tf.constant(1.0))  # at: other

        mirrored.run(step, kwargs={"same": True})
        same.append(len(same))
        mirrored.run(step, kwargs={"same": False})

    same: list[int] = []
    (crossed,) = observed(program).crossed
    assert names(crossed) == ["weight", "other"]


def test_variables_that_replicas_create_in_another_order(mirrored: Any) -> None:
    """Each gets the variable that the first replica has created in its turn."""
    kept: list[Any] = []

    def one() -> None:
        kept.append(tf.Variable(1.0, name="one"))  # at: one

    def two() -> None:
        kept.append(tf.Variable(2.0, name="two"))  # at: two

    def swapped() -> None:
        for create in (one, two) if number() == 0 else (two, one):
            create()

    def alike() -> None:
        one()
        two()

    (mixed_up,) = observed(lambda: mirrored.run(swapped)).mixed_up
    assert (names(mixed_up), mixed_up.replica) == (["one", "two"], 1)
    assert observed(lambda: mirrored.run(alike)).mixed_up == ()
