"""The data of a step: who is given the same, whose share is empty, and what is averaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.seen import Given, WorkerObservations

# One batch alone may be a model's first call, or be the same each time on purpose.
_FEWEST = 2


def same_for_replicas(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Batches of a plain dataset that go to all replicas of a worker alike."""
    for given in _used(seen[0]):
        # Who draws noise of his own may want several answers to one batch.
        apart = given.asked or given.own_draws or (given.draws and not given.trains)
        if given.replicas > 1 and _different(given.plain) >= _FEWEST and not apart:
            told = f"each of {given.replicas} replicas of a worker is given the whole batch"
            yield Finding("TB701", given.source, f"{told}, in {_calls(given)}", given.place)


def same_for_workers(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Batches that are the same on every worker."""
    if len(seen) < 2 or any(each.raised for each in seen):
        return
    for given in _used(seen[0]):
        others = [_alike(given, other) for other in seen[1:]]
        # What does other things by design, and who draws noise of his own, may share a batch.
        apart = any(each is None or each.asked or each.own_draws for each in (given, *others))
        if not apart and _different(given.batches) >= _FEWEST:
            told = f"the first {len(given.batches)} batches are the same on {len(seen)} workers"
            yield Finding("TB702", given.source, told, given.place)


def _used(seen: WorkerObservations) -> Iterator[Given]:
    """Steps in which elements count: they train, or a sum over replicas is taken of them.

    Two sums may be the parts of a mean, which is right however often an element is seen.
    """
    summing = [given for given in seen.given if given.summed]
    for given in seen.given:
        if given.trains or (given.summed and len(summing) == 1):
            yield given


def _alike(given: Given, other: WorkerObservations) -> Given | None:
    """The step of another worker that is given the same batches."""
    for each in other.given:
        same_step = (each.place, each.function) == (given.place, given.function)
        if same_step and each.batches == given.batches:
            return each
    return None


def _different(batches: Sequence[str]) -> int:
    """How many batches of one shape differ: a last one may only be smaller."""
    of_shape: dict[str, set[str]] = {}
    for each in batches:
        shapes, _, told = each.partition(" ")
        of_shape.setdefault(shapes, set()).add(told)
    return max((len(each) for each in of_shape.values()), default=0)


def _calls(given: Given) -> str:
    return f"{given.calls} calls of {given.function}"


def taken(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Iterators from which each replica takes an element of its own."""
    for each in seen[0].taken:
        if each.replicas > 1:
            told = f"{each.replicas} replicas of a worker each take an element of their own"
            yield Finding("TB703", each.place, f"{told} in a step")


def empty(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """What has become NaN because a replica's share of a batch was empty."""
    for each in seen:
        for given in each.given:
            if given.not_a_number:
                shares = f"a batch has {_sizes(given.empty)} elements for the replicas"
                told = f"{shares} of worker {each.worker}, and then {given.not_a_number} is NaN"
                yield Finding("TB704", given.source or given.place, told, given.place)
                return


def uneven(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Means over shares of different sizes that are averaged as if they were of one size."""
    for given in seen[0].given:
        if given.averaged and given.uneven and not given.not_a_number:
            told = f"the means of {_sizes(given.uneven)} elements count the same"
            yield Finding("TB705", given.averaged, told, given.source)


def _sizes(sizes: Sequence[int]) -> str:
    return " and ".join(str(size) for size in sizes)
