"""What a code says."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"
"""The result is wrong; it works by luck, or a library is wrong; worth knowing."""


@dataclass(frozen=True)
class Code:
    """One way in which somebody's code is wrong under replication."""

    code: str
    symptom: str
    """Nothing where nothing breaks: of a note."""
    level: str
    what: str
    why: str
    cure: str
    scenario: str
    """The scenario that shows it, as `testbed run` takes it; nothing of a note."""

    @property
    def title(self) -> str:
        """The code with its symptom."""
        return f"{self.code} {self.symptom}".rstrip()
