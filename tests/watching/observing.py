"""Runs a small program with all hooks installed, and names the lines of a test module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from testbed.check.observations.seen import SourceLine, WorkerObservations
from testbed.worker.user_code.checked import seen_here


def observed(program: Callable[[], object]) -> WorkerObservations:
    """What all watchers observe of a program; none of them may fail meanwhile."""
    with seen_here() as observations:
        program()
    found = observations()
    assert found.failures == ()
    return found


class Lines:
    """The lines of a file that end in a comment `# at: name`, by that name."""

    def __init__(self, file: str) -> None:
        self.file = file
        text = Path(file).read_text(encoding="utf-8").splitlines()
        marked = [(number, line.partition("  # at: ")[2]) for number, line in enumerate(text, 1)]
        self._lines = {name: number for number, name in marked if name}
        assert len(self._lines) == sum(bool(name) for _, name in marked), "a name stands twice"

    def is_at(self, place: SourceLine | None, name: str) -> bool:
        """Whether a place is the line of that name."""
        return place is not None and (place.file, place.line) == (self.file, self._lines[name])

    def name(self, place: SourceLine | None) -> str:
        """The name of the line at which a place is; else the place as text."""
        return next((name for name in self._lines if self.is_at(place, name)), str(place))
