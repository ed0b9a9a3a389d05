"""The page that explains a code or a known error: meaning, cause, cure, wrong and right code."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from testbed.check.finding import Code
from testbed.check.known_errors.matching import Match

SIDE_BY_SIDE = 100
"""The least width of a terminal, in columns, for wrong and right code side by side."""

_WIDEST = 100
_LABEL = 9


@dataclass(frozen=True)
class ExplanationPage:
    """What a user can do about one kind of mistake or error."""

    title: str
    meaning: str
    cause: str
    cure: str
    wrong: str = ""
    right: str = ""
    scenario: str = ""
    """The scenario that shows it, as `testbed run` takes it; empty where none does."""
    notes: tuple[str, ...] = ()


def of_code(code: Code) -> ExplanationPage:
    """The explanation of a code of `testbed check`."""
    return ExplanationPage(
        f"{code.title} ({code.level})",
        code.what,
        code.why,
        code.cure,
        code.wrong,
        code.right,
        code.scenario,
        (f"to silence it on one line: # testbed: ignore[{code.code}]",),
    )


def of_error(match: Match) -> ExplanationPage:
    """The explanation of a known error, with the names of the message that matched it."""
    entry = match.error
    seen = f"seen on: {', '.join(entry.seen_on)}"
    threads = [f"threads: {', '.join(entry.threads)}"] if entry.threads else []
    return ExplanationPage(
        f"{entry.slug} (known error)",
        entry.title,
        match.cause,
        match.cure,
        entry.wrong,
        entry.right,
        entry.scenario,
        (*threads, seen),
    )


def page_of(explanation: ExplanationPage, width: int) -> list[str]:
    """The lines of an explanation.

    Args:
        explanation: the texts.
        width: of the terminal, in columns.
    """
    lines = [explanation.title, ""]
    for label, text in (
        ("meaning", explanation.meaning),
        ("cause", explanation.cause),
        ("cure", explanation.cure),
    ):
        lines += labelled(label, text, width)
    if explanation.wrong:
        beside = width >= SIDE_BY_SIDE
        columns = explanation.wrong.splitlines(), explanation.right.splitlines()
        lines += ["", *(_beside(*columns) if beside else _below(*columns))]
    lines.append("")
    if explanation.scenario:
        lines.append(f"see it: testbed run {explanation.scenario}")
    return [*lines, *explanation.notes]


def labelled(label: str, text: str, width: int) -> list[str]:
    """A text after its label, wrapped, with the further lines below its first word."""
    begin = f"{label}:".ljust(_LABEL)
    return textwrap.wrap(
        text,
        min(width, _WIDEST),
        initial_indent=begin,
        subsequent_indent=" " * _LABEL,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _beside(wrong: Sequence[str], right: Sequence[str]) -> list[str]:
    first = max(map(len, [*wrong, "wrong"]))
    rows = [("wrong", "right"), ("-" * first, "-" * max(map(len, right)))]
    rows += zip_longest(wrong, right, fillvalue="")
    return [f"  {left:{first}}   {other}".rstrip() for left, other in rows]


def _below(wrong: Sequence[str], right: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for name, code in (("wrong", wrong), ("right", right)):
        rule = "-" * max(map(len, code))
        lines += [f"  {line}".rstrip() for line in (name, rule, *code, "")]
    return lines[:-1]
