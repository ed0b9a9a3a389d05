"""What an engine has started, as whoever follows it sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class JobState:
    """What an engine says of a job."""

    over: bool
    """Whether none of its processes runs any more, nor ever will."""
    text: str
    """In the engine's own words: `waiting (Resources)`, `running on n[1-2]`."""


class Job(Protocol):
    """A job of an engine."""

    name: str
    """As people find it: `Slurm job 17`."""

    def state(self) -> JobState:
        """Ask the engine."""

    def cancel(self) -> None:
        """Have the engine end it; nothing if it is over."""
