"""Rules about the cooperation of workers and replicas: collectives and truth tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.observations.seen import Collective, SourceLine, WorkerObservations
from testbed.check.rules.words import bare

Trace = list[Collective]

# TensorFlow's errors of collectives that do not belong together; seen on TensorFlow 2.21.
_OF_COLLECTIVES = re.compile(
    r"Collective ops is aborted by: (Collective|Shape mismatch in the collective) instance"
)


def collectives(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find the first collective that differs between two workers."""
    if any(each.raised for each in seen):
        # A worker that failed ran fewer collectives: a consequence, not a cause.
        yield from _mismatch_before_failure(seen)
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


def _mismatch_before_failure(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find the eager collective of one worker that made the collectives of all workers fail."""
    failed = [each for each in seen if _is_mismatch(each)]
    if not failed:
        return
    pairs = ((one, two) for other in seen[1:] for one, two in ((seen[0], other), (other, seen[0])))
    left_out = (
        (one, each, f"worker {two.worker} does not")
        for one, two in pairs
        if (each := _left_out(one, two))
    )
    # A worker that still waits when another one fails is ended, and reports nothing.
    ended = (
        (each, last, "another worker runs a different one")
        for each in failed
        if len(seen) == 1
        and (last := next(reversed(_traces(each).get(0, [])), None))
        and last.reads
    )
    for worker, each, other in (*left_out, *ended):
        evidence = (
            f"worker {worker.worker} runs a collective here after step {each.step}, and {other}"
            f"{_reading(each)}"
        )
        yield Finding("TB402", each.place, evidence)
        return


def met_another(
    failed: Sequence[WorkerObservations],
    waiting: int,
    place: SourceLine,
    lines: Sequence[SourceLine] = (),
) -> Iterator[Finding]:
    """Find the collective in which a worker still waited when all others had failed.

    Args:
        failed: the observations of the others.
        waiting: the number of the worker that waited; it was ended, and has no observations.
        place: the line of the collective.
        lines: the user's lines in whose calls the worker waited, in all threads. An eager
            collective runs in the main thread, so its error has no line of the replica.
    """
    if any(True for _ in _mismatch_before_failure(failed)):
        return
    # The lines of a stack that a worker wrote when it was ended have no functions.
    within = {(each.file, each.line) for each in (place, *lines)}
    for each in failed:
        other = each.raised.place if each.raised and _is_mismatch(each) else None
        if other and (other.file, other.line) not in within:
            evidence = (
                f"worker {waiting} waits here in a collective, which is paired with another one"
                f" of worker {each.worker} at line {other.line}"
            )
            yield Finding("TB402", place, evidence, other)
            return


def _is_mismatch(seen: WorkerObservations) -> bool:
    return bool(seen.raised and _OF_COLLECTIVES.search(seen.raised.message))


def _left_out(one: WorkerObservations, other: WorkerObservations) -> Collective | None:
    """The first eager collective of one worker that has no counterpart, if the other left it out.

    At that point the other worker ran a collective that both know, or took a further step.
    """
    mine, others = (_traces(each).get(0, []) for each in (one, other))
    for number, each in enumerate(mine):
        if number == len(others):
            return each if other.steps > each.step else None
        if _kind(each) != _kind(others[number]):
            # Values of other shapes at one line belong together: a last batch may be smaller.
            return each if each.place not in [other.place for other in others] else None
    return None


def _reading(collective: Collective) -> str:
    """Name the ON_READ variable whose reading is the collective; empty if there is none."""
    name = bare(collective.reads)
    return f": all workers must take part in reading '{name}', an ON_READ variable" if name else ""


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
