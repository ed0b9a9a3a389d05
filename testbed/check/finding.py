"""Findings, and the closed list of their codes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from testbed.check.codes import (
    data_and_libraries,
    files,
    parity,
    python_state,
    together,
    values,
    variables,
)
from testbed.check.codes.code import ERROR, NOTE, WARNING, Code
from testbed.check.observations.seen import SourceLine

__all__ = ["CODES", "ERROR", "NOTE", "WARNING", "Code", "Explanation", "Finding"]

_FAMILIES = (variables, values, python_state, together, data_and_libraries, files, parity)

CODES: dict[str, Code] = {code.code: code for family in _FAMILIES for code in family.CODES}


@dataclass(frozen=True)
class Explanation:
    """Words that explain one finding better than those of its code, which cover many causes."""

    title: str
    """What is wrong: takes the place of `Code.what`."""
    meaning: str
    """Takes the place of `Code.why`."""
    cure: str
    scenario: str
    """The scenario that shows it, as `testbed run` takes it."""


@dataclass(frozen=True)
class Finding:
    """One mistake, at the line that causes it."""

    code: str
    place: SourceLine | None
    evidence: str
    """One sentence with the observed numbers."""
    use: SourceLine | None = None
    """The line where the mistake shows."""
    explanation: Explanation | None = None
    """The words for this finding, where more is known than its code says."""
    level: str = ""
    """The level of this finding, where it is not that of its code."""

    @property
    def about(self) -> Code:
        """The entry of its code in the list, in the words for this finding."""
        code, words = CODES[self.code], self.explanation
        if self.level:
            code = replace(code, level=self.level)
        if words is None:
            return code
        return replace(
            code, what=words.title, why=words.meaning, cure=words.cure, scenario=words.scenario
        )

    @property
    def is_mistake(self) -> bool:
        """Whether it is an error or a warning, and not a note."""
        return self.about.level != NOTE
