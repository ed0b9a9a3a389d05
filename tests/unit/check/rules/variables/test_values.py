"""What copies and workers hold in the end: what is found, and what looks alike and is right."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.check.observations.seen import (
    Access,
    ProgramError,
    VariableCreated,
    WorkerObservations,
)
from testbed.check.rules.variables.values import copies, dropout, summed_by_keras
from tests.unit.check.builders import (
    ADD,
    ASSIGN,
    KERAS_NORM,
    KERAS_SEED,
    READ,
    access,
    born,
    by_both,
    mirrored,
    seen_of,
    told,
)


def held(*values: Any, **more: Any) -> list[tuple[str, int, str]]:
    """What is found of a mirrored variable whose copies hold this in one worker."""
    return told(copies([seen_of(mirrored(copies=values, **more))]))


def on_workers(*values: tuple[Any, ...], **more: Any) -> list[tuple[str, int, str]]:
    """The same, of several workers."""
    return told(
        copies(
            [
                seen_of(mirrored(copies=each, **more), worker=worker)
                for worker, each in enumerate(values)
            ]
        )
    )


def test_copies_that_differ() -> None:
    """A variable whose copies hold different values is told with all of them."""
    assert held(0.0, 3.0) == [("TB201", 7, "the copies of 'best' hold 0 and 3")]
    assert held(1, 2, 2) == [("TB201", 7, "the copies of 'best' hold 1 and 2 and 2")]
    assert held([1.0, 2.0], [1.0, 2.5]) == [
        ("TB201", 7, "the copies of 'best' hold [1, 2] and [1, 2.5]")
    ]
    assert held("nan", 1.0) == [("TB201", 7, "the copies of 'best' hold nan and 1")]
    assert held(False, True) == [("TB201", 7, "the copies of 'best' hold False and True")]


def test_evidence_shows_the_difference() -> None:
    """Where the first digits or the first elements are the same, what differs is told."""
    assert held(1.00001, 1.00005) == [("TB201", 7, "the copies of 'best' hold 1.00001 and 1.00005")]
    rows = [[0.5] * 10, [0.5] * 10]
    ((_, _, evidence),) = held([*rows, [7.0]], [*rows, [8.0]])
    assert evidence == ("the copies of 'best' hold [..., [7], ...] and [..., [8], ...]")


def test_a_long_value_is_cut() -> None:
    """What would bury the sentence is cut, if its beginning shows the difference."""
    ((_, _, evidence),) = held([1.0] * 30, [2.0] * 30)
    assert evidence == (
        "the copies of 'best' hold [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ... and"
        " [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, ..."
    )


@pytest.mark.parametrize(
    "values",
    [
        (),
        (3.0,),
        (3.0, 3.0),
        (0.1 + 0.2, 0.3),
        (100.0, 100.0001),
        ([1.0, 1e-9], [1.0, 0.0]),
        ("nan", "nan"),
        ([], []),
    ],
)
def test_copies_that_agree(values: tuple[Any, ...]) -> None:
    """Equal values, the noise of float32, empty ones, and what could not be read are no finding."""
    assert held(*values) == []


def test_what_is_reduced_when_it_is_read() -> None:
    """Copies of a variable that is synchronized on read are meant to differ."""
    assert held(1.0, 2.0, synchronization="ON_READ") == []
    assert on_workers((1.0,), (2.0,), synchronization="ON_READ") == []


def test_what_is_not_of_the_scope() -> None:
    """A variable outside of the scope has no copies to hold against each other."""
    workers = [seen_of(born(copies=(value,)), worker=at) for at, value in enumerate((1.0, 2.0))]
    assert told(copies(workers)) == []


def test_generators_may_differ() -> None:
    """The states of generators of random numbers should even differ."""
    assert held([1, 2], [3, 4], libraries=KERAS_SEED) == []


def test_workers_that_differ() -> None:
    """A mirrored variable that is one within each worker, and another one across them."""
    evidence = "'best' holds 1 | 2 on the workers"
    assert on_workers((1.0, 1.0), (2.0, 2.0)) == [("TB202", 7, evidence)]
    assert on_workers((1.0,), (2.0,), line=None) == [("TB202", 0, evidence)]
    assert on_workers((1.00001,), (1.00005,)) == [
        ("TB202", 7, "'best' holds 1.00001 | 1.00005 on the workers")
    ]


def test_workers_of_which_one_cannot_be_read() -> None:
    """That two of them differ shows without the third."""
    evidence = "'best' holds 1 | 2 on the workers"
    assert on_workers((1.0,), (2.0,), ()) == [("TB202", 7, evidence)]


def test_copies_come_before_workers() -> None:
    """Where the copies of any worker differ, that is the finding, with that worker's values."""
    assert on_workers((1.0, 1.0), (2.0, 3.0)) == [("TB201", 7, "the copies of 'best' hold 2 and 3")]


@pytest.mark.parametrize(
    "values", [((1.0,), (1.0 + 1e-9,)), ((1.0,), ()), ((), ()), ((1.0,), (1.0,), ())]
)
def test_workers_that_agree(values: tuple[tuple[Any, ...], ...]) -> None:
    """Noise is no difference, and where one worker could not read its value nothing is said."""
    assert on_workers(*values) == []


def test_a_variable_that_another_worker_lacks() -> None:
    """A variable that only one worker has is held against nothing; its copies still are."""
    other = seen_of(worker=1)
    assert told(copies([seen_of(mirrored(copies=(1.0, 1.0))), other])) == []
    assert [code for code, *_ in told(copies([seen_of(mirrored(copies=(1.0, 2.0))), other]))] == [
        "TB201"
    ]


def test_a_variable_is_held_against_its_own_kind() -> None:
    """What a line makes outside of the scope on one worker is not what it makes in the scope."""
    one = seen_of(mirrored(line=4, copies=(1.0,)))
    two = seen_of(born(0, copies=(5.0,)), mirrored(1, line=4, copies=(1.0,)), worker=1)
    assert told(copies([one, two])) == []
    apart = seen_of(born(0, copies=(1.0,)), mirrored(1, line=4, copies=(5.0,)), worker=1)
    assert told(copies([one, apart])) == [("TB202", 4, "'best' holds 1 | 5 on the workers")]


def test_what_is_assigned_beside_the_steps_is_the_cause() -> None:
    """What the author assigned on each worker is told, and not what the steps made of it."""

    def worker(number: int) -> WorkerObservations:
        births = (
            mirrored(0, "rate", 7, copies=(float(number),)),
            mirrored(1, "weight", 8, copies=(float(number),)),
        )
        accesses = [access(ASSIGN, "outside"), access(ASSIGN, "merged", variable=1)]
        return seen_of(*births, accesses=accesses, worker=number, replicas=1)

    assert told(copies([worker(0), worker(1)])) == [
        ("TB202", 7, "'rate' holds 0 | 1 on the workers")
    ]


def test_without_such_an_assignment_all_are_told() -> None:
    """What is only read beside the steps is no cause, so each variable is told."""

    def worker(number: int) -> WorkerObservations:
        births = [mirrored(at, f"v{at}", 7 + at, copies=(float(number),)) for at in range(2)]
        return seen_of(*births, accesses=[access(READ, "outside")], worker=number)

    assert [line for _, line, _ in told(copies([worker(0), worker(1)]))] == [7, 8]


def test_moving_statistics_are_a_warning_of_their_own() -> None:
    """A BatchNormalization is told once, for its mean and its variance."""
    births = [
        mirrored(0, "moving_mean", copies=([0.5], [1.5]), libraries=KERAS_NORM),
        mirrored(1, "moving_variance", copies=([2.0], [3.0]), libraries=KERAS_NORM),
        mirrored(2, "moving_mean_1", 9, copies=([0.5], [2.5]), libraries=KERAS_NORM),
    ]
    assert told(copies([seen_of(*births)])) == [
        ("TB601", 7, "the copies of 'moving_mean' hold [0.5] and [1.5]"),
        ("TB601", 9, "the copies of 'moving_mean_1' hold [0.5] and [2.5]"),
    ]


def test_moving_statistics_that_differ_between_workers() -> None:
    """With one replica on each worker it shows across the workers."""
    assert on_workers((0.5,), (1.5,), libraries=KERAS_NORM) == [
        ("TB601", 7, "'best' holds 0.5 | 1.5 on the workers")
    ]


def test_moving_statistics_that_agree() -> None:
    """A synchronized BatchNormalization is left alone."""
    assert held([0.5], [0.5], libraries=KERAS_NORM) == []


def seed(number: int = 0, line: int | None = 7, **more: Any) -> VariableCreated:
    given: dict[str, Any] = {"copies": ([1, 2], [1, 2]), "libraries": KERAS_SEED, **more}
    return mirrored(number, f"seed_{number}", line, **given)


def drawn(*births: VariableCreated, accesses: list[Access] | None = None, **more: Any) -> list[Any]:
    """What is found of seeds that both replicas draw from, unless told otherwise."""
    every = [each for birth in births for each in by_both(ASSIGN, variable=birth.number)]
    return told(
        dropout([seen_of(*births, accesses=every if accesses is None else accesses, **more)])
    )


def test_one_mask_for_all_replicas() -> None:
    """A seed of the scope that replicas draw from gives all of them one mask."""
    evidence = "the layer's seed 'seed_0' is the same on 2 replicas"
    assert drawn(seed()) == [("TB602", 7, evidence)]
    assert drawn(seed(copies=())) == [("TB602", 7, evidence)]


def test_one_mask_for_all_workers() -> None:
    """Of workers with one replica each the values have to be known, and to be the same."""
    drawn_there = [access(ASSIGN, 0)]
    workers = [
        seen_of(seed(copies=copies), accesses=drawn_there, replicas=1, worker=number)
        for number, copies in enumerate([([1, 2],), ([1, 2],), ([1, 3],), ()])
    ]
    evidence = "the layer's seed 'seed_0' is the same on 2 replicas"
    assert told(dropout(workers[:2])) == [("TB602", 7, evidence)]
    assert told(dropout([workers[0], workers[2]])) == []
    assert told(dropout([workers[0], workers[3]])) == []


def test_a_line_of_many_dropouts_is_told_once() -> None:
    """Layers of one line have one finding, and those of another line another one."""
    assert [line for _, line, _ in drawn(seed(0), seed(1), seed(2, 9))] == [7, 9]


def test_seeds_that_are_right() -> None:
    """What is not drawn from in replicas, of no library, outside of the scope, or differs."""
    assert drawn(seed(), accesses=[]) == []
    assert drawn(seed(), accesses=[access(ADD, "outside"), access(READ, "merged")]) == []
    assert drawn(seed(), accesses=by_both(ASSIGN, variable=5)) == []
    assert drawn(seed(libraries=())) == []
    assert drawn(born(0, "seed", libraries=KERAS_SEED)) == []
    assert drawn(seed(copies=([1, 2], [3, 4]))) == []
    assert drawn(seed(), replicas=1) == []


def test_since_when_copies_differ() -> None:
    """Looks between steps tell when it began; where nobody looked before the end, nothing does."""
    looks = ((1, (0.0, 0.0)), (2, (0.0, 2.0)), (4, (0.0, 4.0)))
    evidence = "the copies of 'best' hold 0 and 5, since step 2"
    assert held(0.0, 5.0, looks=looks) == [("TB201", 7, evidence)]
    at_once = held(0.0, 5.0, looks=((1, (0.0, 1.0)),))
    assert at_once == [("TB201", 7, "the copies of 'best' hold 0 and 5, since the first step")]
    at_last = held(0.0, 5.0, looks=((1, (0.0, 0.0)), (2, ())))
    assert at_last == [("TB201", 7, "the copies of 'best' hold 0 and 5")]


def test_since_when_workers_differ() -> None:
    """Each worker's look after the same step is held against the other's."""
    workers = [
        seen_of(mirrored(copies=(end,), looks=((1, (2.0,)), (2, (second,)))), worker=number)
        for number, (second, end) in enumerate([(3.0, 4.0), (6.0, 8.0)])
    ]
    evidence = "'best' holds 4 | 8 on the workers, since step 2"
    assert told(copies(workers)) == [("TB202", 7, evidence)]


def test_what_the_last_whole_step_has_left() -> None:
    """Of a program that raised, the values after its last whole step are compared."""
    boom = ProgramError("ValueError", "boom", None)
    apart = mirrored(copies=(0.0, 0.0), looks=((1, (0.0, 3.0)),))
    assert [code for code, _, _ in told(copies([seen_of(apart, raised=boom)]))] == ["TB201"]
    alike = mirrored(copies=(0.0, 3.0), looks=((1, (1.0, 1.0)),))
    assert told(copies([seen_of(alike, raised=boom)])) == []


def test_workers_that_have_taken_unequally_many_steps() -> None:
    """Where a worker raised after the other had ended, both are compared after the same step."""
    boom = ProgramError("UnavailableError", "Socket closed", None)
    ended = mirrored(copies=(4.0,), looks=((1, (2.0,)),))
    went_on = mirrored(copies=(8.0,), looks=((1, (2.0,)), (2, (4.0,))))
    apart = mirrored(copies=(8.0,), looks=((1, (3.0,)), (2, (4.0,))))
    assert told(copies([seen_of(ended), seen_of(went_on, worker=1, raised=boom)])) == []
    found = told(copies([seen_of(ended), seen_of(apart, worker=1, raised=boom)]))
    assert [code for code, _, _ in found] == ["TB202"]


def saved_apart(*accesses: Access) -> list[tuple[str, int, str]]:
    """What is found of a variable whose copies are alike again in the end."""
    read = access(READ, "outside", line=30, apart=(1.0, 2.0))
    return told(copies([seen_of(mirrored(), accesses=[read, *accesses])]))


def test_a_copy_that_is_read_while_copies_differ() -> None:
    """A checkpoint keeps one copy, whatever becomes of the others later."""
    evidence = "the copies of 'best' hold 1 and 2 when one of them is read"
    assert saved_apart() == [("TB201", 7, evidence)]


def test_copies_that_are_all_read_while_they_differ() -> None:
    """Who reads every copy, as an average does, knows that they differ."""
    assert saved_apart(access(READ, "outside", line=30, copy=1)) == []
    assert saved_apart(access(READ, "outside", line=31, copy=1)) != []


ADDED: dict[str, Any] = {"called": "keras/src/backend/common/variables.py:assign_add"}


def summed(*accesses: Access, **more: Any) -> list[tuple[str, int, str]]:
    """What is found of a variable that sums up."""
    birth = mirrored(**{"aggregation": "SUM", **more})
    return told(summed_by_keras([seen_of(birth, accesses=accesses)]))


def test_a_sum_that_keras_adds_to() -> None:
    """Each replica brings the old value, too; it is told once."""
    evidence = "2 replicas each add to 'best', and the value that it had"
    assert summed(*by_both(READ, **ADDED)) == [("TB605", 15, evidence)]


def test_sums_that_are_right() -> None:
    """What TensorFlow adds, what is added outside of a step, and other aggregations."""
    assert summed(*by_both(READ), access(ADD, "merged")) == []
    assert summed(access(READ, "outside", **ADDED)) == []
    assert summed(*by_both(READ, **ADDED), aggregation="MEAN") == []
    assert summed(*by_both(READ, **ADDED), synchronization="ON_READ") == []
    alone = seen_of(mirrored(aggregation="SUM"), accesses=by_both(READ, **ADDED), replicas=1)
    assert told(summed_by_keras([alone])) == []


def read_on_workers(*firsts: Any, **more: Any) -> list[tuple[str, int, str]]:
    """What is found of an ON_READ variable of which the program reads each worker's value."""
    given = {"synchronization": "ON_READ", "aggregation": "ONLY_FIRST_REPLICA", **more}
    read = [access(READ, "outside", line=30)]
    return told(
        copies(
            [
                seen_of(mirrored(copies=(first, 9.0), **given), accesses=read, worker=worker)
                for worker, first in enumerate(firsts)
            ]
        )
    )


def test_the_first_replica_is_that_of_each_worker() -> None:
    """With ONLY_FIRST_REPLICA, what is read outside of a step is another value on each worker."""
    evidence = "'best' holds 10 | 20 on the workers"
    assert read_on_workers(10.0, 20.0) == [("TB202", 7, evidence)]
    assert read_on_workers(10.0, 10.0) == []
    assert read_on_workers(10.0, 20.0, aggregation="SUM") == []
