"""Rule about exceptions whose message names replication as their cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from testbed.check.finding import Explanation, Finding
from testbed.check.seen import ProgramError, WorkerObservations

KNOWN_ERRORS: tuple[Callable[[ProgramError], Explanation | None], ...] = ()
"""Tables of known errors: each explains an exception, or returns None; the first one that explains
it chooses the words of the finding."""

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


def raised(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find an exception whose message names replication as its cause."""
    for each in seen:
        found = _finding(each.raised, leaks=bool(each.leaks)) if each.raised else None
        if found:
            yield found
            return


def _finding(problem: ProgramError, *, leaks: bool) -> Finding | None:
    if line := line_with(_PER_REPLICA, problem):
        return Finding("TB304", problem.place, f"{problem.type}: {line}")
    if not leaks and (line := line_with(_OUT_OF_SCOPE, problem)):
        return Finding("TB303", problem.place, f"{problem.type}: {line}")
    if problem.by_author:
        return None
    if line := line_with(_REFUSED, problem):
        return refused(problem, f"{problem.type}: {line}")
    if not problem.message and problem.type == "AssertionError":
        return refused(problem, "AssertionError with an empty message")
    return None


def refused(problem: ProgramError, evidence: str) -> Finding:
    """The finding for an exception of TensorFlow; a table of known errors may choose its words.

    Args:
        problem: the exception.
        evidence: one sentence about it.
    """
    known = next((found for table in KNOWN_ERRORS if (found := table(problem))), None)
    return Finding("TB501", problem.place, evidence, explanation=known)


def line_with(parts: Sequence[str], problem: ProgramError) -> str:
    """The first line of an error message that contains one of the parts; empty where none does."""
    lines = _lines_of(problem)
    return next((line[:200] for line in lines if any(part in line for part in parts)), "")


def _lines_of(problem: ProgramError) -> list[str]:
    """The lines of an error message, without empty ones; the error itself comes first."""
    lines = [line.strip() for line in _without_code(problem).splitlines() if line.strip()]
    if not lines or not lines[0].startswith(_OF_THE_GRAPH):
        return lines
    # The stack of the operation comes next, and the error itself last.
    plain = [line for line in lines if not line.startswith(("[[", "[Op:"))]
    return [*plain[-1:], *lines]


def _without_code(problem: ProgramError) -> str:
    """An error message without the user's code, which AutoGraph puts before it.

    That code may contain the same words as an error.
    """
    message = problem.message
    head = re.compile(rf"^ +{re.escape(problem.type)}: ", re.MULTILINE)
    while message.lstrip().startswith("in user code:") and (said := head.search(message)):
        message = message[said.end() :]
    return message
