"""The interface of a job: its state, and how to cancel it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class JobState:
    """The state of a job, as its engine reports it."""

    over: bool
    """Whether no process of it runs or will run."""
    text: str
    """The state in the engine's words: `waiting (Resources)`, `running on n[1-2]`."""


class Job(Protocol):
    """A job of an engine."""

    name: str
    """The name of it for users: `Slurm job 17`."""

    def state(self) -> JobState:
        """Ask the engine for the state."""

    def cancel(self) -> None:
        """Ask the engine to end the job; does nothing if it is over."""
