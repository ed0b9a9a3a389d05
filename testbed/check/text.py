"""Findings as text for people."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from testbed.check.finding import ERROR, NOTE, WARNING, Finding
from testbed.check.judge import NO_TEXTS, text_of_line
from testbed.check.observations.seen import SourceLine
from testbed.check.result import CheckResult

LONGEST_LINE = 100
"""The most columns of a program's line that a finding shows."""

_LEVELS = (ERROR, WARNING, NOTE)


def show_place(place: SourceLine | None) -> str:
    """A place in the form that editors open: `train.py:12`."""
    return f"{os.path.relpath(place.file)}:{place.line}" if place else "(no line)"


def describe(finding: Finding, texts: Mapping[str, str] = NO_TEXTS) -> list[str]:
    """The lines of one finding: place and mistake, the line, evidence, reason, cure.

    Args:
        finding: to describe.
        texts: the texts of files as they were when they ran, by path; other files are read now.
    """
    about = finding.about
    used = f" ({show_place(finding.use)})" if finding.use and finding.use != finding.place else ""
    return [
        f"{show_place(finding.place)}: {about.level} {about.title}: {about.what}",
        *_source(finding.place, texts),
        *indented(f"  seen: {finding.evidence}{used}"),
        f"  why:  {about.why}",
        f"  cure: {about.cure}",
    ]


def _source(place: SourceLine | None, texts: Mapping[str, str]) -> list[str]:
    text = text_of_line(place, texts).strip()
    return [f"  line: {textwrap.shorten(text, LONGEST_LINE, placeholder=' ...')}"] if text else []


def indented(text: str) -> list[str]:
    """The lines of a text, the further ones below the words of the first."""
    first, *further = text.splitlines()
    return [first, *(f"        {line}" for line in further)]


def count(findings: Sequence[Finding]) -> str:
    """The number of findings of each level: `2 errors, 1 warning`; `nothing found`."""
    found = Counter(finding.about.level for finding in findings)
    counts = (f"{found[level]} {level}{'s' * (found[level] > 1)}" for level in _LEVELS)
    return ", ".join(each for each in counts if not each.startswith("0 ")) or "nothing found"


def _kinds(number: int) -> str:
    return f"{number} kind{'s' * (number > 1)} of events"


def paragraphs(findings: Iterable[Finding], texts: Mapping[str, str] = NO_TEXTS) -> list[str]:
    """The lines of all findings, each followed by an empty one; `texts` as for `describe`."""
    return [line for finding in findings for line in [*describe(finding, texts), ""]]


def as_text(result: CheckResult) -> str:
    """The findings, then where watching failed or is blind, how it was done, and the summary."""
    lines = paragraphs(result.findings, result.texts)
    if result.cause and result.prevented:
        found = "nothing was checked"
    else:
        failed = "its time was over" if result.late else "the program failed by itself"
        found = count(result.findings) + f" until {failed}" * bool(result.cause)
    unseen = f"; {_kinds(len(result.blind))} not watched" if result.blind else ""
    last = (result.unchecked or f"{found} {result.summary}") + unseen
    done = filter(None, (result.seeds, result.compared))
    said = [*lines, *result.incomplete, *result.blind, *done, last]
    return "".join(f"{line}\n" for line in said)
