"""Rules about the cooperation of workers and replicas, and about what TensorFlow refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.seen import Collective, ProgramError, WorkerObservations

_PER_REPLICA = (
    "you are using a PerReplica object while not inside a replica context",
    "'PerReplica' and",
    "and 'PerReplica'",
    "Attempt to convert a value (PerReplica",
    "not 'PerReplica'",
)

_OUT_OF_SCOPE = ("is out of scope and cannot be used here",)

# Parts of TensorFlow's errors about strategies, contexts and scopes. One replica raises them, too.
_REFUSED = (
    "merge_call",
    "Mixing different tf.distribute.Strategy objects",
    "colocate_vars_with",
    'Need to be inside "with strategy.scope()"',
    "cannot be reduced with the given reduce op",
    "in cross-replica context",
    "Method requires being in",
    "Must not nest tf.distribute.Strategy scopes",
    "mismatching name on device",
    "Trying to access resource",
    "Collective ops must be configured at program startup",
    "MirroredVariable",
    "DistributedVariable",
)

_OF_THE_GRAPH = "Graph execution error:"


Trace = list[Collective]


def collectives(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find the first collective that differs between two workers."""
    if any(each.raised for each in seen):
        # A worker that failed ran fewer collectives: a consequence, not a cause.
        return
    for other in seen[1:]:
        for mine, others in _paired(seen[0], other):
            for number in range(max(len(mine), len(others))):
                sides = _difference(mine, others, number)
                if sides is None:
                    continue
                evidence = (
                    f"collective {number + 1} is of {sides[0]} on worker {seen[0].worker}, and of"
                    f" {sides[1]} on worker {other.worker}"
                )
                first = mine[number] if number < len(mine) else others[number]
                yield Finding("TB402", first.place, evidence)
                return


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


def _difference(mine: Trace, others: Trace, number: int) -> tuple[str, str] | None:
    """Describe both sides where two workers pair collectives that do not belong together."""
    one = mine[number] if number < len(mine) else None
    two = others[number] if number < len(others) else None
    if one is None or two is None or _kind(one) != _kind(two):
        return _describe(one, two), _describe(two, one)
    if one.trace or one.by == two.by:
        return None
    here, there = ([each.by for each in part[number:]] for part in (mine, others))
    # Both workers reach both lines, in another order.
    both_reach = one.by in there and two.by in here
    return (_describe_caller(one, two), _describe_caller(two, one)) if both_reach else None


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


def raised(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find an exception whose message names replication as its cause."""
    for each in seen:
        problem = each.raised
        if problem is None:
            continue
        if line := line_with(_PER_REPLICA, problem):
            yield Finding("TB304", problem.place, f"{problem.type}: {line}")
        elif (line := line_with(_OUT_OF_SCOPE, problem)) and not each.leaks:
            yield Finding("TB303", problem.place, f"{problem.type}: {line}")
        elif (line := line_with(_REFUSED, problem)) and not problem.by_author:
            yield Finding("TB501", problem.place, f"{problem.type}: {line}")
        elif not problem.message and problem.type == "AssertionError" and not problem.by_author:
            yield Finding("TB501", problem.place, "AssertionError with an empty message")
        else:
            continue
        return


def line_with(parts: Sequence[str], problem: ProgramError) -> str:
    """The first line of an error message that contains one of the parts; empty where none does."""
    message = problem.message
    head = re.compile(rf"^ +{re.escape(problem.type)}: ", re.MULTILINE)
    # AutoGraph puts the user's code before the message, and that code may contain the parts, too.
    while message.lstrip().startswith("in user code:") and (said := head.search(message)):
        message = message[said.end() :]
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if lines and lines[0].startswith(_OF_THE_GRAPH):
        # The stack of the operation comes next, and the error itself last.
        plain = [line for line in lines if not line.startswith(("[[", "[Op:"))]
        lines = [*plain[-1:], *lines]
    return next((line[:200] for line in lines if any(part in line for part in parts)), "")
