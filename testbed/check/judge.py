"""Judges the observations of the user's program: applies every rule, in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from testbed.check.finding import Finding
from testbed.check.observations.seen import SourceLine, WorkerObservations
from testbed.check.rules import own_cluster, python_state, refusals, together
from testbed.check.rules.data import draws, elements, encodings, files
from testbed.check.rules.variables import creation, gradients, one_copy, sums, values

RULES: tuple[Callable[[Sequence[WorkerObservations]], Iterator[Finding]], ...] = (
    one_copy.unmirrored,
    creation.made_every_step,
    creation.not_reused,
    creation.other_order,
    creation.other_order_in_replicas,
    one_copy.tables,
    creation.copy_of_another,
    creation.unused,
    values.copies,
    values.summed_by_keras,
    sums.of_means,
    values.dropout,
    gradients.clipped,
    python_state.changed,
    python_state.rebound,
    python_state.stored,
    python_state.frozen,
    python_state.retraced,
    python_state.leaked,
    python_state.mixed,
    elements.same_for_replicas,
    elements.same_for_workers,
    elements.shuffled_before_division,
    encodings.vocabularies,
    encodings.statistics,
    elements.taken,
    elements.empty,
    elements.uneven,
    draws.alike,
    together.collectives,
    together.crossed,
    together.truths,
    own_cluster.late,
    files.written_by_all,
    files.read_too_early,
    refusals.raised,
)

# Pairs of a cause and its consequence. Variables that are mixed up hold other values; TensorFlow
# refuses to train a variable that has one copy, and to combine values of different collectives;
# different data may become the same numbers; clipping is only noted where no update shows it.
_FOLLOWS = (
    ("TB106", "TB202"),
    ("TB110", "TB501"),
    ("TB402", "TB501"),
    ("TB707", "TB702"),
    ("TB903", "TB606"),
)

NO_TEXTS: Mapping[str, str] = {}

_IGNORED = re.compile(r"#\s*testbed:\s*ignore(?:\[(?P<codes>[^\]]*)\]|(?![\w\[]))")


def judge(seen: Sequence[WorkerObservations]) -> list[Finding]:
    """Apply all rules. Returns each finding once, sorted by place.

    Args:
        seen: the observations of every worker, worker 0 first.
    """
    found: dict[object, dict[str, Finding]] = {}
    for rule in RULES:
        for finding in rule(seen):
            alike = found.setdefault((finding.code, finding.place), {})
            alike.setdefault(finding.evidence, finding)
    merged = [_merged(list(alike.values())) for alike in found.values()]
    return sorted(causes(merged), key=_by_place)


def incomplete(seen: Sequence[WorkerObservations]) -> tuple[str, ...]:
    """Report where watching failed in any worker: one sentence for each watcher and problem.

    Args:
        seen: the observations of every worker.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for failure in (failure for each in seen for failure in each.failures):
        counts[failure.watcher, failure.problem] += failure.count
    return tuple(
        f"watching failed {number} time{'s' * (number > 1)} in {watcher}: {problem};"
        " findings may be missing"
        for (watcher, problem), number in counts.items()
    )


def blind_spots(seen: Sequence[WorkerObservations]) -> tuple[str, ...]:
    """Report what the installed libraries do not show: one sentence for each kind of event.

    Args:
        seen: the observations of every worker.
    """
    return tuple(dict.fromkeys(spot.sentence for each in seen for spot in each.blind))


def _merged(findings: list[Finding]) -> Finding:
    """The first of several findings of one code at one line, with the number of the others."""
    first, more = findings[0], len(findings) - 1
    return (
        replace(first, evidence=f"{first.evidence}; and {more} more of this line")
        if more
        else first
    )


def causes(findings: list[Finding]) -> list[Finding]:
    """Leave out the findings that are only consequences of other findings."""
    codes = {finding.code for finding in findings}
    follows = {consequence for cause, consequence in _FOLLOWS if cause in codes}
    return [finding for finding in findings if finding.code not in follows]


def chosen(
    findings: Iterable[Finding],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    texts: Mapping[str, str] = NO_TEXTS,
) -> list[Finding]:
    """Select findings by the beginnings of their codes, without those that a comment silences.

    Args:
        findings: the findings to choose from.
        select: beginnings of codes to keep; empty: keep all.
        ignore: beginnings of codes to leave out.
        texts: the texts of files as they were when they ran, by path; other files are read now.
    """
    return [
        finding
        for finding in findings
        if (not select or finding.code.startswith(tuple(select)))
        and not (ignore and finding.code.startswith(tuple(ignore)))
        and not _is_silenced(finding, texts)
    ]


def _is_silenced(finding: Finding, texts: Mapping[str, str]) -> bool:
    silencer = _IGNORED.search(text_of_line(finding.place, texts))
    if silencer is None:
        return False
    codes = silencer["codes"]
    return codes is None or finding.code in {code.strip() for code in codes.upper().split(",")}


def text_of_line(place: SourceLine | None, texts: Mapping[str, str]) -> str:
    """The text of a line of a program; empty if it cannot be read here.

    Args:
        place: the line.
        texts: the texts of files as they were when they ran, by path; other files are read now.
    """
    if place is None or place.line < 1:
        return ""
    try:
        # Not `splitlines`: it knows more line ends than Python does.
        text = texts.get(place.file) or Path(place.file).read_text(encoding="utf-8")
        return text.split("\n")[place.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""


def _by_place(finding: Finding) -> tuple[str, int, str]:
    place = finding.place
    return (place.file, place.line, finding.code) if place else ("", 0, finding.code)
