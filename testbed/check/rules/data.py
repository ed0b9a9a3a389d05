"""Rules about the data of a step: equal batches, empty shares, averages of uneven shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.seen import Given, WorkerObservations

# A single batch may be a model's first call, or be the same each time on purpose.
_FEWEST = 2


def same_for_replicas(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find batches of a plain dataset that every replica of a worker receives whole."""
    for given in _used(seen[0]):
        # A step that draws random numbers may want several answers to one batch.
        apart = given.asked or given.own_draws or (given.draws and not given.trains)
        if given.replicas > 1 and _different(given.plain) >= _FEWEST and not apart:
            evidence = f"each of {given.replicas} replicas of a worker receives the whole batch"
            yield Finding("TB701", given.source, f"{evidence}, in {_calls(given)}", given.place)


def same_for_workers(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find batches that are the same on every worker."""
    if len(seen) < 2 or any(each.raised for each in seen):
        return
    for given in _used(seen[0]):
        if _all_share(given, seen[1:]) and _different(given.batches) >= _FEWEST:
            evidence = f"the first {len(given.batches)} batches are the same on {len(seen)} workers"
            yield Finding("TB702", given.source, evidence, given.place)


def _all_share(given: Given, others: Sequence[WorkerObservations]) -> bool:
    """Whether all workers receive the same batches, and then do the same with them."""
    steps = (given, *(_alike(given, other) for other in others))
    # Workers that differ by design, or that draw random numbers, may share a batch.
    return all(each and not (each.asked or each.own_draws) for each in steps)


def _used(seen: WorkerObservations) -> Iterator[Given]:
    """Steps whose result depends on how often each element is used: they train, or are summed.

    Two sums may be the parts of a mean, which is right however often an element is used.
    """
    summing = [given for given in seen.given if given.summed]
    for given in seen.given:
        if given.trains or (given.summed and len(summing) == 1):
            yield given


def _alike(given: Given, other: WorkerObservations) -> Given | None:
    """The step of another worker that receives the same batches."""
    for each in other.given:
        same_step = (each.place, each.function) == (given.place, given.function)
        if same_step and each.batches == given.batches:
            return each
    return None


def _different(batches: Sequence[str]) -> int:
    """How many different batches of one shape there are: a last batch may only be smaller."""
    of_shape: dict[str, set[str]] = {}
    for each in batches:
        shapes, _, digest = each.partition(" ")
        of_shape.setdefault(shapes, set()).add(digest)
    return max((len(each) for each in of_shape.values()), default=0)


def _calls(given: Given) -> str:
    return f"{given.calls} calls of {given.function}"


def taken(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find iterators from which each replica takes a separate element."""
    for each in seen[0].taken:
        if each.replicas > 1:
            evidence = f"{each.replicas} replicas of a worker each take a separate element"
            yield Finding("TB703", each.place, f"{evidence} in a step")


def empty(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find values that became NaN because a replica's share of a batch was empty."""
    for each in seen:
        for given in each.given:
            if given.not_a_number:
                shares = f"a batch has {_sizes(given.empty)} elements for the replicas"
                evidence = f"{shares} of worker {each.worker}, and then {given.not_a_number} is NaN"
                yield Finding("TB704", given.source or given.place, evidence, given.place)
                return


def uneven(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find means over shares of different sizes that are averaged with equal weights."""
    for given in seen[0].given:
        if given.averaged and given.uneven and not given.not_a_number:
            evidence = f"the means of {_sizes(given.uneven)} elements count the same"
            yield Finding("TB705", given.averaged, evidence, given.source)


def _sizes(sizes: Sequence[int]) -> str:
    return " and ".join(str(size) for size in sizes)
