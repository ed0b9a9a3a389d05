"""The type of a code and its levels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    fine_if: str
    """How to tell that the program means it, so that the finding may be silenced."""

    @property
    def title(self) -> str:
        """The code, followed by its symptom."""
        return f"{self.code} {self.symptom}".rstrip()

    @property
    def wrong(self) -> str:
        """A small program that has the mistake, on the line whose comment names the code."""
        return _example(self.code, "wrong")

    @property
    def right(self) -> str:
        """The same program with the cure."""
        return _example(self.code, "right")


def _example(code: str, name: str) -> str:
    """An example program: beside the testbed's code if installed, else in the repository."""
    testbed = Path(__file__).resolve().parents[2]
    installed, checked_out = testbed / "examples", testbed.parent / "docs/examples"
    folder = installed if installed.is_dir() else checked_out
    return (folder / code / f"{name}.py").read_text(encoding="utf-8").strip()
