"""The page that explains a code or a known error: meaning, cause, cure, wrong and right code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from testbed.check.finding import Code
from testbed.check.known_errors.matching import Match

SIDE_BY_SIDE = 100
"""The least width of a terminal, in columns, for wrong and right code side by side."""

_WIDEST = 100
_LABEL = 9
_SAME, _OTHER = "   ", " | "
_BREAKS = re.compile(r"(?<=[ (\[{])(?<!# )")
"""Where a line of code that is too long is broken: after a space or an opening bracket."""
_MORE_BREAKS = re.compile(r"(?=\.[A-Za-z_])|(?<==)")
"""Where it is broken if that is not enough: before a dot, and after an equals sign."""


@dataclass(frozen=True)
class ExplanationPage:
    """What a user can do about one kind of mistake or error."""

    title: str
    meaning: str
    cause: str
    cure: str
    wrong: str = ""
    right: str = ""
    fine_if: str = ""
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
        code.fine_if,
        code.scenario,
        (
            f"silence one line: append the comment # testbed: ignore[{code.code}]",
            f"silence a program: testbed check --ignore {code.code} SCRIPT",
        ),
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
        scenario=entry.scenario,
        notes=(*threads, seen),
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
        ("fine if", explanation.fine_if),
    ):
        lines += labelled(label, text, width) if text else []
    if explanation.wrong:
        beside = _beside if width >= SIDE_BY_SIDE else _below
        lines += ["", *beside(_lines(explanation.wrong), _lines(explanation.right), width)]
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


def _lines(code: str) -> list[str]:
    """The lines of a program, with one blank line where it has two."""
    return code.strip().replace("\n\n\n", "\n\n").split("\n")


def _beside(wrong: Sequence[str], right: Sequence[str], width: int) -> list[str]:
    """Wrong and right code in two columns; a bar marks the lines that differ."""
    room = (width - len("  ") - len(_SAME)) // 2
    first, second = (min(max(map(len, each)), room) for each in (wrong, right))
    rows = [("wrong", _SAME, "right"), ("-" * first, _SAME, "-" * second)]
    matched = SequenceMatcher(None, wrong, right, autojunk=False)
    for kind, *(start, end, start_right, end_right) in matched.get_opcodes():
        between = _SAME if kind == "equal" else _OTHER
        columns = (
            [piece for line in lines for piece in _broken(line, room)]
            for lines in (wrong[start:end], right[start_right:end_right])
        )
        rows += [(left, between, other) for left, other in zip_longest(*columns, fillvalue="")]
    return [f"  {left:{first}}{between}{other}".rstrip() for left, between, other in rows]


def _below(wrong: Sequence[str], right: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for name, code in (("wrong", wrong), ("right", right)):
        broken = [piece for line in code for piece in _broken(line, width - len("  "))]
        rule = "-" * max(map(len, broken))
        lines += [f"  {line}".rstrip() for line in (name, rule, *broken, "")]
    return lines[:-1]


def _broken(line: str, room: int) -> list[str]:
    """A line of code in pieces that fit a column, the further ones indented."""
    margin = " " * (len(line) - len(line.lstrip()))
    further = margin + ("# " if line.lstrip().startswith("#") else " " * 8)
    parts: list[str] = []
    for part in _BREAKS.split(line):
        fits = len(further) + len(part.strip()) <= room
        parts += [part] if fits else _MORE_BREAKS.split(part)
    pieces = [""]
    for part in parts:
        if len(pieces[-1]) + len(part.rstrip()) > room and pieces[-1].strip():
            pieces.append(further + part.lstrip())
        else:
            pieces[-1] += part
    return [piece.rstrip() for piece in pieces]
