"""Rules about the cooperation of workers and replicas: collectives and truth tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.seen import Collective, WorkerObservations

Trace = list[Collective]


def collectives(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find the first collective that differs between two workers."""
    if any(each.raised for each in seen):
        # A worker that failed ran fewer collectives: a consequence, not a cause.
        return
    for other in seen[1:]:
        for first, evidence in _mismatches(seen[0], other):
            yield Finding("TB402", first.place, evidence)
            return


def _mismatches(
    one: WorkerObservations, other: WorkerObservations
) -> Iterator[tuple[Collective, str]]:
    """Collectives that two workers pair although they do not belong together, and the evidence."""
    for mine, others in _paired(one, other):
        for number in range(max(len(mine), len(others))):
            if sides := _difference(mine[number:], others[number:]):
                here, there = sides
                evidence = (
                    f"collective {number + 1} is of {here} on worker {one.worker}, and of"
                    f" {there} on worker {other.worker}"
                )
                yield (mine if number < len(mine) else others)[number], evidence


def _paired(one: WorkerObservations, other: WorkerObservations) -> Iterator[tuple[Trace, Trace]]:
    """Pair the eager collectives of two workers, and the traces that only one of them has.

    Workers may trace the same functions in different orders and different numbers of times.
    """
    mine, others = _traces(one), _traces(other)
    yield mine.pop(0, []), others.pop(0, [])
    kinds = [{tuple(map(_kind, each)): each for each in part.values()} for part in (mine, others)]
    only_mine = [trace for kind, trace in kinds[0].items() if kind not in kinds[1]]
    only_others = [trace for kind, trace in kinds[1].items() if kind not in kinds[0]]
    yield from zip_longest(only_mine, only_others, fillvalue=[])


def _traces(seen: WorkerObservations) -> dict[int, Trace]:
    traces: dict[int, Trace] = {}
    for each in seen.collectives:
        traces.setdefault(each.trace, []).append(each)
    return traces


def _kind(each: Collective) -> tuple[object, ...]:
    return each.operation, each.shape, each.dtype, each.place


def _difference(mine: Trace, others: Trace) -> tuple[str, str] | None:
    """Describe the first collectives of two workers, where they do not belong together."""
    one, two = (part[0] if part else None for part in (mine, others))
    if one is None or two is None or _kind(one) != _kind(two):
        return _describe(one, two), _describe(two, one)
    if _are_swapped(mine, others):
        return _describe_caller(one, two), _describe_caller(two, one)
    return None


def _are_swapped(mine: Trace, others: Trace) -> bool:
    """Whether both workers reach both first collectives eagerly, in another order."""
    one, two = mine[0], others[0]
    if one.trace or one.by == two.by:
        return False
    return one.by in [each.by for each in others] and two.by in [each.by for each in mine]


def crossed(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find replicas of one worker that synchronise at different lines."""
    if any(each.raised for each in seen):
        return
    for each in seen[0].crossed:
        here, there = each.places
        evidence = (
            f"replica 0 is at line {here.line} where replica {each.replica} is at line {there.line}"
        )
        yield Finding("TB403", here, evidence, there)


def truths(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find truth tests on objects of several values."""
    if len(seen) * seen[0].replicas < 2:
        return
    for each in seen[0].truths:
        yield Finding("TB503", each.place, f"a {each.type} is taken for true, whatever it holds")


def _describe_caller(one: Collective, other: Collective) -> str:
    """Describe a collective by the first line of its stack that differs from the other one's."""
    own = next(a for a, b in zip_longest(one.by, other.by) if a != b) or one.place
    return f"line {own.line}" if own else "another line"


def _describe(one: Collective | None, other: Collective | None) -> str:
    """Describe a collective by its line, and by its operation or file where the lines are equal."""
    if one is None:
        return "nothing"
    place, beside = one.place, other.place if other else None
    line = f"line {place.line}" if place else "a library's line"
    if other and place == beside:
        return f"{line} ({one.operation} of {one.dtype} {one.shape})"
    if place and beside and place.line == beside.line:
        return f"{line} of {Path(place.file).name}"
    return line
