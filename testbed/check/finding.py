"""Findings, and the closed list of their codes."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.codes import data_and_libraries, python_state, together, values, variables
from testbed.check.codes.code import ERROR, NOTE, WARNING, Code
from testbed.check.seen import SourceLine

__all__ = ["CODES", "ERROR", "NOTE", "WARNING", "Code", "Finding"]

_FAMILIES = (variables, values, python_state, together, data_and_libraries)

CODES: dict[str, Code] = {code.code: code for family in _FAMILIES for code in family.CODES}


@dataclass(frozen=True)
class Finding:
    """One mistake, at the line that causes it."""

    code: str
    place: SourceLine | None
    evidence: str
    """One sentence with the observed numbers."""
    use: SourceLine | None = None
    """The line where the mistake shows."""

    @property
    def about(self) -> Code:
        """The entry of its code in the list."""
        return CODES[self.code]
