"""From what was seen of somebody's code to what is wrong with it: every rule, in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.rules import data, draws, python_state, together, values, variables
from testbed.check.seen import WorkerObservations

RULES: tuple[Callable[[Sequence[WorkerObservations]], Iterator[Finding]], ...] = (
    variables.unmirrored,
    variables.made_every_step,
    variables.other_order,
    variables.other_order_in_replicas,
    variables.tables,
    variables.copy_of_another,
    variables.unused,
    values.copies,
    values.summed_by_keras,
    values.dropout,
    python_state.changed,
    python_state.rebound,
    python_state.stored,
    python_state.frozen,
    python_state.retraced,
    python_state.leaked,
    python_state.mixed,
    data.same_for_replicas,
    data.same_for_workers,
    data.taken,
    data.empty,
    data.uneven,
    draws.alike,
    together.collectives,
    together.crossed,
    together.truths,
    together.raised,
)

# Where variables are mixed up, they hold other values; TensorFlow refuses to train what has one
# copy.
_FOLLOWS = (("TB106", "TB202"), ("TB110", "TB501"))

_NO_TEXTS: Mapping[str, str] = {}

_IGNORED = re.compile(r"#\s*testbed:\s*ignore(?:\[(?P<codes>[^\]]*)\]|(?![\w\[]))")


def judge(seen: Sequence[WorkerObservations]) -> list[Finding]:
    """What is wrong, each thing once, by place.

    Args:
        seen: of every worker, worker 0 first.
    """
    found: dict[object, dict[str, Finding]] = {}
    for rule in RULES:
        for finding in rule(seen):
            alike = found.setdefault((finding.code, finding.place), {})
            alike.setdefault(finding.evidence, finding)
    told = [_told_once(list(alike.values())) for alike in found.values()]
    return sorted(_causes(told), key=_by_place)


def incomplete(seen: Sequence[WorkerObservations]) -> tuple[str, ...]:
    """Where watching failed in any worker, one sentence for each watcher and problem.

    Args:
        seen: of every worker.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for failure in (failure for each in seen for failure in each.failures):
        counts[failure.watcher, failure.problem] += failure.count
    return tuple(
        f"watching failed {number} time{'s' * (number > 1)} in {watcher}: {problem};"
        " findings may be missing"
        for (watcher, problem), number in counts.items()
    )


def _told_once(findings: list[Finding]) -> Finding:
    """The first of what one line has of one kind, which says how many more there are."""
    first, more = findings[0], len(findings) - 1
    return (
        replace(first, evidence=f"{first.evidence}; and {more} more of this line")
        if more
        else first
    )


def _causes(findings: list[Finding]) -> list[Finding]:
    """Without what only follows from something else that was found."""
    codes = {finding.code for finding in findings}
    follows = {consequence for cause, consequence in _FOLLOWS if cause in codes}
    return [finding for finding in findings if finding.code not in follows]


def chosen(
    findings: Iterable[Finding],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    texts: Mapping[str, str] = _NO_TEXTS,
) -> list[Finding]:
    """Those that are asked for by the beginnings of their codes, and are not silenced.

    Args:
        findings: to choose from.
        select: beginnings of codes; all, where none is given.
        ignore: beginnings of codes.
        texts: of files as they were when they ran, by their paths; others are read now.
    """
    return [
        finding
        for finding in findings
        if (not select or finding.code.startswith(tuple(select)))
        and not (ignore and finding.code.startswith(tuple(ignore)))
        and not _is_silenced(finding, texts)
    ]


def _is_silenced(finding: Finding, texts: Mapping[str, str]) -> bool:
    if finding.place is None or finding.place.line < 1:
        return False
    try:
        # Not by `splitlines`, which knows more ends of lines than Python does.
        file = finding.place.file
        text = texts[file] if file in texts else Path(file).read_text(encoding="utf-8")
        silencer = _IGNORED.search(text.split("\n")[finding.place.line - 1])
    except (OSError, UnicodeDecodeError, IndexError):
        return False
    if silencer is None:
        return False
    codes = silencer["codes"]
    return codes is None or finding.code in {code.strip() for code in codes.upper().split(",")}


def _by_place(finding: Finding) -> tuple[str, int, str]:
    place = finding.place
    return (place.file, place.line, finding.code) if place else ("", 0, finding.code)
