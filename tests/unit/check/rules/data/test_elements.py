"""What replicas are given: who gets the same, and what becomes of uneven batches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.rows import DataRows
from testbed.check.observations.seen import (
    Given,
    ProgramError,
    Sharded,
    Shuffle,
    Taken,
    WorkerObservations,
)
from testbed.check.rules.data.elements import (
    empty,
    same_for_replicas,
    same_for_workers,
    shuffled_before_division,
    taken,
    uneven,
)
from tests.unit.check.builders import at, seen_of, told

PLAIN = Given(
    "step", at(9), replicas=2, calls=3, source=at(8), plain=("4 a", "4 b"), fed=True, trains=True
)
READ = Given("step", at(9), calls=3, source=at(8), batches=("4 a", "4 b"), fed=True, trains=True)


def given(each: Given, **more: Any) -> WorkerObservations:
    return seen_of(given=(replace(each, **more),))


def workers(one: Given, other: Given) -> list[WorkerObservations]:
    return [seen_of(given=(one,)), seen_of(worker=1, given=(other,))]


def test_a_plain_batch_goes_to_every_replica() -> None:
    """The line that takes the batches is told, and who is called with them."""
    evidence = "each of 2 replicas of a worker receives the whole batch, in 3 calls of step"
    found = list(same_for_replicas([given(PLAIN)]))
    assert told(found) == [("TB701", 8, evidence)]
    assert found[0].use == at(9)


@pytest.mark.parametrize(
    "right",
    [
        {"plain": ("4 a",)},
        {"plain": ("4 a", "4 a")},
        {"plain": ("4 a", "3 b")},
        {"replicas": 1},
        {"asked": True},
        {"own_draws": True},
        {"trains": False},
        {"trains": False, "summed": True, "draws": True},
    ],
)
def test_a_plain_batch_may_be_meant_for_all(right: dict[str, Any]) -> None:
    """One batch, replicas that do different things with it, and evaluation are left alone."""
    assert told(same_for_replicas([given(PLAIN, **right)])) == []


def test_a_layers_mask_is_no_reason_to_share_a_batch() -> None:
    """What a library draws while a model is trained does not make the batch another one."""
    assert told(same_for_replicas([given(PLAIN, draws=True)]))


def test_a_sum_counts_each_element() -> None:
    """One sum of what replicas return is too large; two may be a mean's parts."""
    summing = replace(PLAIN, trains=False, summed=True)
    assert told(same_for_replicas([seen_of(given=(summing,))]))
    both = (summing, replace(summing, place=at(19)))
    assert told(same_for_replicas([seen_of(given=both)])) == []


def test_workers_read_the_same() -> None:
    """Batches that are the same on all workers are told with their number."""
    evidence = "the first 2 batches are the same on 2 workers"
    assert told(same_for_workers(workers(READ, READ))) == [("TB702", 8, evidence)]


@pytest.mark.parametrize(
    "other",
    [
        {"batches": ("4 a", "4 c")},
        {"place": at(10)},
        {"asked": True},
        {"own_draws": True},
    ],
)
def test_workers_read_their_own(other: dict[str, Any]) -> None:
    """Another batch, another step, or other things done with it."""
    assert told(same_for_workers(workers(READ, replace(READ, **other)))) == []


@pytest.mark.parametrize("batches", [("4 a", "4 a"), ("4 a", "3 b"), ()])
def test_one_batch_over_and_over_is_no_dataset(batches: tuple[str, ...]) -> None:
    """A constant batch, of which the last is smaller, tells nothing of how it is divided."""
    each = replace(READ, batches=batches)
    assert told(same_for_workers(workers(each, each))) == []


def test_evaluation_may_be_the_same_everywhere() -> None:
    """Who trains nothing and sums nothing up may read the same on every worker."""
    each = replace(READ, trains=False)
    assert told(same_for_workers(workers(each, each))) == []


def test_one_worker_or_a_failed_one_compares_nothing() -> None:
    """What was seen of a program that raised is not all."""
    assert told(same_for_workers([given(READ)])) == []
    failed = [
        replace(each, raised=ProgramError("ValueError", "", None)) for each in workers(READ, READ)
    ]
    assert told(same_for_workers(failed)) == []


def test_each_replica_takes_an_element() -> None:
    """One replica that takes from an iterator takes one."""
    evidence = "2 replicas of a worker each take a separate element in a step"
    assert told(taken([seen_of(taken=(Taken(at(5), 2),))])) == [("TB703", 5, evidence)]
    assert told(taken([seen_of(taken=(Taken(at(5), 1),))])) == []


def test_an_empty_batch() -> None:
    """It counts where it has made something NaN, on whichever worker."""
    hit = replace(READ, empty=(1, 0), not_a_number="'w'")
    evidence = "a batch has 1 and 0 elements for the replicas of worker 1, and then 'w' is NaN"
    assert told(empty(workers(READ, hit))) == [("TB704", 8, evidence)]
    assert told(empty([given(READ, empty=(1, 0))])) == []


def test_means_over_uneven_batches() -> None:
    """They are wrong where both were seen, and where it is not worse than that."""
    hit = replace(READ, uneven=(2, 1), averaged=at(12))
    assert told(uneven([seen_of(given=(hit,))])) == [
        ("TB705", 12, "the means of 2 and 1 elements count the same")
    ]
    for right in ({"uneven": ()}, {"averaged": None}, {"not_a_number": "'w'"}):
        assert told(uneven([given(hit, **right)])) == []


def divided(
    *seeds: tuple[int, int], read: tuple[str, ...] = ("", ""), **more: Any
) -> list[WorkerObservations]:
    """Workers that shuffle by these seeds, divide, and read elements of one letter each."""
    return [
        seen_of(
            worker=part,
            sharded=(part_of(part, seed, **more),),
            given=(replace(READ, batches=(), elements=tuple(letters)),),
        )
        for part, (seed, letters) in enumerate(zip(seeds, read, strict=True))
    ]


def part_of(number: int, seeds: tuple[int, int], **more: Any) -> Sharded:
    about = {"source": "same", "parts": 2, "part": number, **more}
    return Sharded(at(19), shuffles=(Shuffle(at(18), seeds),), **about)


NO_SEED = ((0, 0), (0, 0))
SHUFFLED = "2 workers shuffle without a seed, and then each takes its part"


def test_workers_that_divide_other_orders() -> None:
    """The shuffle is named, and how many elements were read twice."""
    found = list(shuffled_before_division(divided(*NO_SEED, read=("abcd", "cdef"))))
    counts = "of 6 elements, 2 reached several workers"
    assert told(found) == [("TB706", 18, f"{SHUFFLED}: {counts}")]
    assert found[0].use == at(19)


def test_other_orders_of_the_same_data_without_known_elements() -> None:
    """The shuffle is enough where a tf.function reads the data, or only a few are read."""
    for read in (("", ""), ("ab", "cd")):
        found = list(shuffled_before_division(divided(*NO_SEED, read=read)))
        assert told(found) == [("TB706", 18, SHUFFLED)]


@pytest.mark.parametrize(
    ("seeds", "shown"), [(((0, 7), (0, 8)), "7 and 8"), (((1, 5), (2, 5)), "1 and 2")]
)
def test_workers_with_different_seeds(
    seeds: tuple[tuple[int, int], tuple[int, int]], shown: str
) -> None:
    """The seeds of the shuffle, or of the program, are told."""
    ((code, _, evidence),) = told(shuffled_before_division(divided(*seeds)))
    assert (code, f"by different seeds ({shown})" in evidence) == ("TB706", True)


def test_one_seed_gives_one_order() -> None:
    """Elements that several workers read are then such that occur several times."""
    alike = divided((0, 7), (0, 7), read=("abcd", "cdef"))
    assert told(shuffled_before_division(alike)) == []


def test_what_occurs_again_begins_the_data_anew() -> None:
    """What a worker reads in its second pass is no overlap with the first pass of another one."""
    found = told(shuffled_before_division(divided(*NO_SEED, read=("abacd", "bcd"))))
    assert found[0][2].endswith("of 4 elements, 1 reached several workers")


def test_workers_with_other_data() -> None:
    """Parts of different data do not overlap, unless elements show it."""
    one, _ = divided(*NO_SEED)
    _, other = divided(*NO_SEED, source="other")
    assert told(shuffled_before_division([one, other])) == []
    unknown = {"source": ""}
    assert told(shuffled_before_division(divided(*NO_SEED, read=("ab", "cd"), **unknown))) == []
    assert told(shuffled_before_division(divided(*NO_SEED, read=("ab", "bc"), **unknown)))


def held(*of_workers: range, repeated: int = 0) -> list[WorkerObservations]:
    """Workers that divide data of these rows, each in another order, without a shuffle."""
    return [
        seen_of(
            worker=part,
            sharded=(
                Sharded(
                    at(19),
                    parts=len(of_workers),
                    part=part,
                    source=f"order of worker {part}",
                    rows=DataRows(at(17), len(rows) + repeated, len(rows), tuple(rows)),
                ),
            ),
        )
        for part, rows in enumerate(of_workers)
    ]


def test_rows_in_an_order_of_each_worker() -> None:
    """What NumPy shuffles or splits without a seed is as a shuffle without one."""
    found = list(shuffled_before_division(held(range(32), range(32))))
    evidence = "2 workers hold the same 32 rows in different orders, and then each takes its part"
    assert told(found) == [("TB706", 17, evidence)]
    assert found[0].use == at(19)
    ((_, _, evidence),) = told(shuffled_before_division(held(range(24), range(8, 32))))
    assert "different choices of the same rows (about 67% are on both)" in evidence


def test_rows_that_may_be_others() -> None:
    """Few, repeated, or rarely shared rows may be equal by chance; and one order is no other."""
    few, repeated = held(range(15), range(15)), held(range(32), range(32), repeated=8)
    apart = held(range(32), range(28, 60))
    one_order = [
        replace(each, sharded=tuple(replace(part, source="one") for part in each.sharded))
        for each in held(range(32), range(32))
    ]
    unknown = [held(range(32))[0], held(range(1), range(32))[1]]
    unknown[0] = replace(unknown[0], sharded=(replace(unknown[0].sharded[0], rows=None, parts=2),))
    for seen in (few, repeated, apart, one_order, unknown):
        assert told(shuffled_before_division(seen)) == []


def test_a_dataset_that_one_worker_divides_alone() -> None:
    """It has no counterpart: only datasets that one line divides are compared."""
    alone = replace(part_of(0, (0, 0), parts=8), place=at(21))
    one, other = (part_of(number, (3, 7)) for number in (0, 1))
    seen = [seen_of(sharded=(alone, one)), seen_of(worker=1, sharded=(other,))]
    assert told(shuffled_before_division(seen)) == []
    one, other = (part_of(number, (0, 0)) for number in (0, 1))
    seen = [seen_of(sharded=(alone, one)), seen_of(worker=1, sharded=(other,))]
    assert told(shuffled_before_division(seen)) == [("TB706", 18, SHUFFLED)]


def test_parts_that_are_no_parts_of_workers() -> None:
    """Folds that each worker makes, and a single worker, divide nothing among workers."""
    assert told(shuffled_before_division(divided(*NO_SEED, part=0))) == []
    assert told(shuffled_before_division(divided(*NO_SEED)[:1])) == []
