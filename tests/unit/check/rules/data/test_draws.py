"""Random numbers: which replicas and workers draw the same, and where that is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.seen import Draw, Given, ProgramError, WorkerObservations
from testbed.check.rules.data.draws import alike
from tests.unit.check.builders import at, born, seen_of, told

STEP = Given("step", at(9), replicas=2, calls=3, fed=True, own_draws=True)
SEEDED = Draw(at(5), at(9), 0, "seeded", ("(1, 7)",), (4, 3), (4,))
DRAWN = replace(SEEDED, origin="drawn", numbers=("4x3 a", "4x3 b"))
FIXED = replace(SEEDED, origin="fixed", numbers=("[1 2]",))
GENERATOR = replace(SEEDED, origin="generator", numbers=(), generator=0)


def replicas(draw: Draw, step: Given = STEP, **other: Any) -> list[WorkerObservations]:
    """Two of one worker, of which the second differs in something."""
    draws = (draw, replace(draw, replica=1, **other))
    return [seen_of(given=(step,), draws=draws)]


def workers(draw: Draw, step: Given = STEP, *states: Any, **other: Any) -> list[WorkerObservations]:
    """Two with a replica each, and a generator's state on each."""
    draws = (draw, replace(draw, replica=1, **other))
    births = [born(type="StateVar", shape=(3,), copies=(state,)) for state in states]
    return [
        WorkerObservations(
            worker, 1, given=(step,), draws=(draws[worker],), births=tuple(births[worker:][:1])
        )
        for worker in (0, 1)
    ]


def test_replicas_with_one_seed() -> None:
    """Noise for each example that is the same on both replicas is told by its seed."""
    evidence = "2 replicas draw the same numbers by the same seeds"
    assert told(alike(replicas(SEEDED))) == [("TB603", 5, evidence)]


def test_replicas_that_drew_the_same() -> None:
    """In eager mode what was drawn is looked at."""
    evidence = "2 replicas draw the same numbers in each of 2 draws"
    assert told(alike(replicas(DRAWN))) == [("TB603", 5, evidence)]


def test_workers_with_one_seed() -> None:
    """Of workers with a replica each, workers are spoken of."""
    evidence = "2 workers draw the same numbers by the same seeds"
    assert told(alike(workers(SEEDED))) == [("TB604", 5, evidence)]


def test_workers_with_one_generator_each() -> None:
    """Generators that end in the same state have given the same numbers."""
    evidence = (
        "2 workers draw the same numbers from generators of the same state: this line makes one on"
        " each worker"
    )
    for draw in (GENERATOR, replace(DRAWN, generator=0)):
        (found,) = alike(workers(draw, STEP, [1, 2], [1, 2]))
        assert told([found]) == [("TB604", 4, evidence)]
        assert found.use == at(5)
    assert told(alike(workers(GENERATOR, STEP, [1, 2], [1, 3]))) == []
    assert told(alike(workers(GENERATOR))) == []


def test_workers_of_several_replicas_with_one_generator_each() -> None:
    """The replicas of a worker draw in turn, and those of the other worker draw the same."""
    births = (born(type="StateVar", shape=(3,), copies=([1, 2],)),)
    draws = [replace(GENERATOR, replica=replica) for replica in range(4)]
    seen = [
        seen_of(*births, worker=worker, given=(STEP,), draws=tuple(draws[2 * worker :][:2]))
        for worker in (0, 1)
    ]
    assert [(code, line) for code, line, _ in told(alike(seen))] == [("TB604", 4)]
    in_scope = [replace(each, births=(replace(births[0], distributed=True),)) for each in seen]
    assert told(alike(in_scope)) == []


def test_replicas_draw_from_a_generator_in_turn() -> None:
    """One generator of a worker gives each of its replicas other numbers."""
    assert told(alike(replicas(GENERATOR))) == []


@pytest.mark.parametrize("other", [{"numbers": ("(1, 8)",)}, {"origin": ""}])
def test_other_seeds(other: dict[str, Any]) -> None:
    """Each replica has a seed of its own, or none."""
    assert told(alike(replicas(SEEDED, **other))) == []
    assert told(alike(workers(SEEDED, **other))) == []


@pytest.mark.parametrize(
    "draw",
    [
        replace(SEEDED, origin="", numbers=()),
        replace(SEEDED, shape=()),
        replace(SEEDED, shape=None),
        replace(SEEDED, shape=(5, 3)),
        replace(SEEDED, shape=(1, 3), sizes=(1,)),
        FIXED,
        replace(DRAWN, numbers=("4x3 a", "4x3 a")),
        replace(DRAWN, numbers=("4x3 a",)),
        replace(DRAWN, shape=(4,), numbers=("4 a", "4 b")),
    ],
)
def test_the_same_may_be_meant(draw: Draw) -> None:
    """A coin, a projection, what is fixed for all steps, and few numbers are left alone."""
    assert told(alike(replicas(draw))) == []


def test_noise_on_a_weight_is_the_same() -> None:
    """What has the shape of a variable keeps its copies alike."""
    seen = replicas(SEEDED)
    assert told(alike([replace(seen[0], births=(born(shape=(4, 3)),))])) == []


def test_who_asks_for_its_number_knows_what_it_does() -> None:
    """A step whose replicas do different things may share what it likes."""
    assert told(alike(replicas(SEEDED, replace(STEP, asked=True)))) == []


def test_one_replica_alone_draws() -> None:
    """What only some replicas drew is not compared."""
    assert told(alike([seen_of(given=(STEP,), draws=(SEEDED,))])) == []


def test_replicas_that_are_given_nothing() -> None:
    """They do the same, which matters where it is brought together."""
    alone = replace(STEP, fed=False, combined=("SUM",))
    one = replace(FIXED, shape=(1,))
    evidence = "2 replicas draw the same numbers by the same seed"
    assert told(alike(replicas(one, alone))) == [("TB603", 5, evidence)]
    assert told(alike(replicas(one, replace(alone, combined=("MEAN",))))) == []
    seeded = replace(SEEDED, shape=(1,))
    assert told(alike(replicas(seeded, replace(alone, combined=("MEAN",)))))
    assert told(alike(replicas(seeded, replace(alone, combined=())))) == []


def test_replicas_that_differ_by_another_draw() -> None:
    """Beside what each draws by itself, something in common is no waste."""
    alone = replace(STEP, fed=False, combined=("SUM",))
    own = [replace(SEEDED, place=at(6), replica=r, numbers=(f"(1, {r})",)) for r in (0, 1)]
    seen = replicas(FIXED, alone)[0]
    assert told(alike([replace(seen, draws=(*seen.draws, *own))])) == []


def test_a_program_that_raised() -> None:
    """What it would have drawn is not known."""
    seen = replicas(SEEDED)[0]
    assert told(alike([replace(seen, raised=ProgramError("ValueError", "", None))])) == []
