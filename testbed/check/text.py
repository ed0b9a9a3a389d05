"""Findings as text for people."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from testbed.check.finding import ERROR, NOTE, WARNING, Finding
from testbed.check.result import CheckResult
from testbed.check.seen import SourceLine

_LEVELS = (ERROR, WARNING, NOTE)


def show_place(place: SourceLine | None) -> str:
    """A place in the form that editors open: `train.py:12`."""
    return f"{os.path.relpath(place.file)}:{place.line}" if place else "(no line)"


def describe(finding: Finding) -> list[str]:
    """The lines of one finding: place and mistake, evidence, reason, cure."""
    about = finding.about
    used = f" ({show_place(finding.use)})" if finding.use and finding.use != finding.place else ""
    return [
        f"{show_place(finding.place)}: {about.level} {about.title}: {about.what}",
        *indented(f"  seen: {finding.evidence}{used}"),
        f"  why:  {about.why}",
        f"  cure: {about.cure}",
    ]


def indented(text: str) -> list[str]:
    """The lines of a text, the further ones below the words of the first."""
    first, *further = text.splitlines()
    return [first, *(f"        {line}" for line in further)]


def count(findings: Sequence[Finding]) -> str:
    """The number of findings of each level: `2 errors, 1 warning`; `nothing found`."""
    found = Counter(finding.about.level for finding in findings)
    counts = (f"{found[level]} {level}{'s' * (found[level] > 1)}" for level in _LEVELS)
    return ", ".join(each for each in counts if not each.startswith("0 ")) or "nothing found"


def as_text(result: CheckResult) -> str:
    """The findings, then where watching failed, then the summary."""
    lines = [line for finding in result.findings for line in [*describe(finding), ""]]
    if result.cause and result.prevented:
        found = "nothing was checked"
    else:
        found = count(result.findings) + " until the program failed by itself" * bool(result.cause)
    last = result.unchecked or f"{found} {result.summary}"
    compared = [result.compared] if result.compared else []
    return "".join(f"{line}\n" for line in [*lines, *result.incomplete, *compared, last])
