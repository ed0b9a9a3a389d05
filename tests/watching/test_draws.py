"""Random numbers that replicas draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Draw, WorkerObservations
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def drawn_by(strategy: Any, replica: Callable[[], Any], *, traced: bool) -> tuple[Draw, ...]:
    """The draws of two steps of one replica function."""

    def program() -> None:
        step = (
            (lambda: strategy.run(replica))
            if not traced
            else tf.function(lambda: strategy.run(replica))
        )
        for _ in range(2):
            step()

    return observed(program).draws


def test_eager_draws_are_told_by_their_numbers(mirrored: Any) -> None:
    """Each replica draws twice at its line; nothing is alike."""
    one, two = drawn_by(mirrored, lambda: tf.random.normal([3]), traced=False)  # at: normal
    assert (one.replica, two.replica, one.origin, one.shape) == (0, 1, "drawn", (3,))
    assert HERE.name(one.place) == "normal"
    assert len({*one.numbers, *two.numbers}) == 4


def test_seeded_draws_in_a_trace(mirrored: Any) -> None:
    """Replicas that give the same seed have the same numbers."""

    def replica() -> Any:
        return tf.random.uniform([3], seed=7)

    one, two = drawn_by(mirrored, replica, traced=True)
    assert (one.origin, two.origin) == ("seeded", "seeded")
    assert len(one.numbers) == 1
    assert one.numbers[0].endswith(", 7)")
    assert (one.shape, one.sizes) == ((3,), ())


def test_fixed_seeds_of_stateless_draws(mirrored: Any) -> None:
    """They draw the same on each replica and in each step."""

    def replica() -> Any:
        return tf.random.stateless_uniform([3], seed=[1, 2])

    one, two = drawn_by(mirrored, replica, traced=True)
    assert (one.origin, two.origin) == ("fixed", "fixed")
    assert one.numbers == two.numbers
    eager, other = drawn_by(mirrored, replica, traced=False)
    assert eager.numbers == other.numbers
    assert len(set(eager.numbers)) == 1


def test_a_generator_is_told_by_its_variable(mirrored: Any) -> None:
    """Both replicas draw from the variable of one generator."""
    found: list[WorkerObservations] = []

    def program() -> None:
        with mirrored.scope():
            generator = tf.random.Generator.from_seed(1)
        step = tf.function(lambda: mirrored.run(lambda: generator.normal([2])))
        step()

    found.append(observed(program))
    one, two = found[0].draws
    assert (one.origin, two.origin) == ("generator", "generator")
    assert {one.generator, two.generator} <= {each.number for each in found[0].births}


def test_an_eager_draw_knows_its_generator(mirrored: Any) -> None:
    """A draw by a seed at another line does not come from the generator that moved last."""

    def program() -> None:
        generator = tf.random.Generator.from_seed(1)

        def replica() -> Any:
            first = generator.normal([2])  # at: generated
            return first + tf.random.stateless_normal([2], [1, 2])  # at: seeded

        mirrored.run(replica)

    found = observed(program)
    generators = {HERE.name(each.place): each.generator for each in found.draws}
    (born,) = found.births
    assert generators == {"generated": born.number, "seeded": None}


def test_a_step_knows_whether_it_draws(mirrored: Any) -> None:
    """And whether the author's own line does so."""

    def flags(replica: Any) -> tuple[bool, bool]:
        (given,) = observed(lambda: mirrored.run(replica)).given
        return given.draws, given.own_draws

    assert flags(lambda: tf.random.uniform([2])) == (True, True)
    assert flags(lambda: tf.zeros([2])) == (False, False)


def test_what_is_drawn_outside_of_replicas_is_not_kept() -> None:
    """It is drawn once."""
    assert observed(lambda: tf.random.uniform([2])).draws == ()
