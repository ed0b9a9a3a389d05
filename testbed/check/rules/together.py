"""What workers have to do together, and what TensorFlow refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.seen import Collective, Raised, Seen

_PER_REPLICA = (
    "you are using a PerReplica object while not inside a replica context",
    "'PerReplica' and",
    "and 'PerReplica'",
    "Attempt to convert a value (PerReplica",
    "not 'PerReplica'",
)

_OUT_OF_SCOPE = ("is out of scope and cannot be used here",)

# What TensorFlow says of strategies, contexts and scopes, on one replica of a strategy as on many.
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


def collectives(seen: Sequence[Seen]) -> Iterator[Finding]:
    """The collectives of each worker, in order."""
    if any(each.raised for each in seen):
        # Who failed made fewer, and that is no reason but a consequence.
        return
    for other in seen[1:]:
        for number, (one, two) in enumerate(zip_longest(seen[0].collectives, other.collectives)):
            alike = one and two and (one.operation, one.shape, one.dtype, one.place) == (
                two.operation, two.shape, two.dtype, two.place
            )  # fmt: skip
            if alike and not _out_of_turn(seen[0], other, number):
                continue
            first = one or two
            if first is None:
                break
            mine, others = _told(one, two), _told(two, one)
            if alike and one and two:
                mine, others = _told_by(one, two), _told_by(two, one)
            evidence = (
                f"collective {number + 1} is of {mine} on worker {seen[0].worker}, and of {others}"
                f" on worker {other.worker}"
            )
            yield Finding("TB402", first.place, evidence)
            return


def crossed(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Replicas of one worker that meet at different lines."""
    if any(each.raised for each in seen):
        return
    for each in seen[0].crossed:
        here, there = each.places
        evidence = (
            f"replica 0 is at line {here.line} where replica {each.replica} is at line {there.line}"
        )
        yield Finding("TB403", here, evidence, there)


def truths(seen: Sequence[Seen]) -> Iterator[Finding]:
    """What has several values, asked whether it is true."""
    if len(seen) * seen[0].replicas < 2:
        return
    for each in seen[0].truths:
        yield Finding("TB503", each.place, f"a {each.type} is taken for true, whatever it holds")


def _out_of_turn(mine: Seen, others: Seen, number: int) -> bool:
    """Whether both workers come by both lines that meet here, and so one of them too early."""
    one, two = mine.collectives[number], others.collectives[number]
    if one.by == two.by:
        return False
    later = [each.by for each in others.collectives[number:]]
    return one.by in later and two.by in [each.by for each in mine.collectives[number:]]


def _told_by(one: Collective, other: Collective) -> str:
    """A collective by the first line that tells how it was reached."""
    own = next(a for a, b in zip_longest(one.by, other.by) if a != b) or one.place
    return f"line {own.line}" if own else "another line"


def _told(one: Collective | None, other: Collective | None) -> str:
    """A collective by its line, and by what tells it from another one of that line."""
    if one is None:
        return "nothing"
    place, beside = one.place, other.place if other else None
    line = f"line {place.line}" if place else "a library's line"
    if other and place == beside:
        return f"{line} ({one.operation} of {one.dtype} {one.shape})"
    if place and beside and place.line == beside.line:
        return f"{line} of {Path(place.file).name}"
    return line


def raised(seen: Sequence[Seen]) -> Iterator[Finding]:
    """An exception that says by itself what replication has to do with it."""
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


def line_with(parts: Sequence[str], problem: Raised) -> str:
    """The first line of a message that holds one of the parts."""
    message = problem.message
    head = re.compile(rf"^ +{re.escape(problem.type)}: ", re.MULTILINE)
    # AutoGraph puts the author's code before what was said, which may hold such parts, too.
    while message.lstrip().startswith("in user code:") and (said := head.search(message)):
        message = message[said.end() :]
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if lines and lines[0].startswith(_OF_THE_GRAPH):
        # The stack of the operation comes next, and what is wrong with it last.
        plain = [line for line in lines if not line.startswith(("[[", "[Op:"))]
        lines = [*plain[-1:], *lines]
    return next((line[:200] for line in lines if any(part in line for part in parts)), "")
