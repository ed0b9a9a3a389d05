"""Rule about exceptions that are known, or whose message names replication as their cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import shorten

from testbed.check.finding import ERROR, Explanation, Finding
from testbed.check.known_errors.matching import Match, known
from testbed.check.observations.seen import ProgramError, WorkerObservations
from testbed.check.rules.data import files
from testbed.verdict.out_of_memory import describe

# Parts of errors about strategies, contexts and scopes that the table of known errors lacks.
_REFUSED = (
    "merge_call",
    "tf.distribute.Strategy",
    "strategy.scope()",
    "colocate_vars_with",
    "in cross-replica context",
    "PerReplica",
    "MirroredVariable",
    "DistributedVariable",
)

_LONGEST = 240
"""Letters that are shown of a known error; its entry says more than its message."""


def raised(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find an exception that is known, or whose message names replication as its cause."""
    for each in seen:
        if each.raised is None or files.explains(seen, each):
            continue
        if found := _finding(each.raised, leaks=bool(each.leaks)):
            lacking = describe(each.raised.error, each.steps)
            yield replace(found, evidence=f"worker {each.worker}: {lacking}") if lacking else found
            return


def _finding(problem: ProgramError, *, leaks: bool) -> Finding | None:
    match = known(problem.error)
    if match is None:
        named = any(part in problem.error.plain for part in _REFUSED)
        return refused(problem) if named and not problem.by_author else None
    # Another worker's failure has its own finding, as has the line that keeps a tensor.
    if match.error.is_consequence or (match.error.code == "TB303" and leaks):
        return None
    return refused(problem)


def is_consequence(problem: ProgramError) -> bool:
    """Whether an exception is known to follow from another worker's failure."""
    match = known(problem.error)
    return match is not None and match.error.is_consequence


def refused(problem: ProgramError, also: str = "") -> Finding:
    """The finding for an exception; the table of known errors chooses its code and its words.

    An unknown error is shown whole.

    Args:
        problem: the exception.
        also: a further observation, without a full stop.
    """
    match, brief = known(problem.error), problem.error.brief
    if match:
        line = shorten(brief, _LONGEST, placeholder=" ...")
        evidence = f"{line}; {also}" if also else line
        words = _explanation(match)
        return Finding(match.error.code, problem.place, evidence, explanation=words, level=ERROR)
    headline, _, rest = brief.partition("\n")
    evidence = f"{headline}; {also}" if also else headline
    return Finding("TB501", problem.place, f"{evidence}\n{rest}" if rest else evidence)


def _explanation(match: Match) -> Explanation:
    entry = match.error
    cure = f"{match.cure} (testbed explain {entry.slug})"
    return Explanation(entry.title, match.cause, cure, entry.scenario)
