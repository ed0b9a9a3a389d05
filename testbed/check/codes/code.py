"""The type of a code and its levels."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"
"""error: the result is wrong; warning: the program works by luck, or a library is wrong; note: the
result is right, but worth knowing."""


@dataclass(frozen=True)
class Code:
    """One kind of mistake of a program under replication: its meaning, cause and cure."""

    code: str
    symptom: str
    """Empty for a note, which breaks nothing."""
    level: str
    what: str
    why: str
    cure: str
    scenario: str
    """The scenario that shows it, as `testbed run` takes it; empty for a note."""

    @property
    def title(self) -> str:
        """The code, followed by its symptom."""
        return f"{self.code} {self.symptom}".rstrip()

    wrong: str
    """A few lines that have the mistake; `strategy` is a strategy of two replicas or workers,
    `rank` the number of the worker."""
    right: str
    """The same lines with the cure."""
