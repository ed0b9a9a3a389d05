"""Findings as text for people."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from testbed.check.finding import CODES, ERROR, NOTE, WARNING, Code, Finding
from testbed.check.known_errors.matching import Match
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


def explain(code: Code) -> list[str]:
    """The page that explains a code."""
    shown = [f"Shown by: testbed run {code.scenario}"] if code.scenario else []
    return [
        f"{code.title} ({code.level})",
        "",
        f"What: {code.what}.",
        f"Why:  {code.why}.",
        f"Cure: {code.cure}.",
        "",
        *shown,
        f"Silenced by: # testbed: ignore[{code.code}]",
    ]


def explain_error(match: Match) -> list[str]:
    """The page that explains a known error."""
    entry = match.error
    shown = [f"Shown by: testbed run {entry.scenario}"] if entry.scenario else []
    threads = [f"Threads: {', '.join(entry.threads)}"] if entry.threads else []
    return [
        f"{entry.slug}: {entry.title}",
        "",
        f"Why:  {match.cause}.",
        f"Cure: {match.cure}.",
        *("", "Wrong:", "", *(f"    {line}".rstrip() for line in entry.wrong.splitlines())),
        *("", "Right:", "", *(f"    {line}".rstrip() for line in entry.right.splitlines()), ""),
        *shown,
        *threads,
        f"Seen on: {', '.join(entry.seen_on)}",
    ]


def all_codes() -> list[str]:
    """All codes, one a line."""
    return [f"{code.code}  {code.level:8} {code.symptom:20} {code.what}" for code in CODES.values()]
