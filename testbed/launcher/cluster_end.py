"""How a cluster ended: what each worker did, and the one cause where something is wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.launcher.hang import Standing, describe_hang
from testbed.launcher.stacks import NOWHERE, Place

# A worker that raised so long before another died may be why it died.
CLEARLY_S = 1.0


@dataclass(frozen=True)
class Told:
    """A phase that a worker told, and how many seconds after the start of its cluster."""

    phase: str
    after: float


@dataclass(frozen=True)
class WorkerEnd:
    """How far one worker came, and how it ended."""

    worker: int
    log: Path
    ledger: tuple[Told, ...] = ()
    reported: bool = False
    status: int | None = None
    """As waitpid tells it, of a worker that ended by itself before all had reported."""
    after: float = 0.0
    """When it told its last phase or ended, in seconds after the start of its cluster."""
    place: Place = NOWHERE
    """Where it was when the time was over."""
    words: str = ""
    """What it said when it was about to end."""
    ended_for: str = ""
    """Why it was ended before all had reported."""
    notes: tuple[Mapping[str, Any], ...] = ()
    """What it told besides its phases: see `WorkerProcess.notes`."""

    @property
    def phase(self) -> str:
        """The last phase that it told."""
        return self.ledger[-1].phase if self.ledger else "starting"

    def reached(self, phase: str) -> bool:
        """Whether it told this phase."""
        return any(told.phase == phase for told in self.ledger)

    @property
    def complaint(self) -> str:
        """How it ended, where that is wrong: without a report."""
        when = f"after {self.after:.1f} s in phase '{self.phase}'"
        if self.ended_for:
            return f"worker {self.worker} was ended {when}: {self.ended_for}"
        if self.reported or self.status is None:
            return ""
        how = describe_end(self.status) + f" ({self.words})" * bool(self.words)
        return f"worker {self.worker} ended {when}: {how}"

    @property
    def was_killed(self) -> bool:
        """Whether somebody else has killed it."""
        if self.ended_for or self.status is None:
            return False
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


@dataclass(frozen=True)
class ClusterEnd:
    """How a whole cluster ended."""

    workers: tuple[WorkerEnd, ...]
    overdue: str
    """The deadline that passed: `start`, `run`, or nothing."""
    seconds: float
    hint: str = ""
    """What the machine says of it: why a worker was killed, or could not be."""
    struck: float | None = None
    """When a fault that was ordered struck, in seconds after the start of the cluster."""

    @property
    def guilty(self) -> list[WorkerEnd]:
        """The workers without a report, the cause first: the earliest end, then who waits."""
        silent = [end for end in self.workers if not end.reported]
        return sorted(silent, key=lambda end: (not end.complaint, end.after))

    @property
    def cause(self) -> str:
        """What went wrong, in one sentence; nothing where all have reported."""
        if not self.guilty:
            return ""
        return self.hinted(self.guilty[0].complaint or self.hang)

    def hinted(self, found: str) -> str:
        """What was found of it, and what the machine says."""
        return found + f"; {self.hint}" * bool(self.hint)

    @property
    def hang(self) -> str:
        """Who keeps whom waiting, in one sentence."""
        return describe_hang([self._standing(end) for end in self.workers])

    def _standing(self, end: WorkerEnd) -> Standing:
        return Standing(
            worker=end.worker,
            phase=end.phase,
            told=len(end.ledger),
            joined=end.reached("joined"),
            reported=end.reported,
            ended=bool(end.complaint),
            place=end.place,
            peers=len(self.workers) - 1,
        )


def first_failed(died: Sequence[WorkerEnd], raised: Sequence[WorkerEnd]) -> WorkerEnd | None:
    """The worker that failed first, of those that died and those that raised.

    Peers notice a death at once, and may have raised before the server has collected who died: so
    what was raised comes first only where it clearly did.
    """
    death = min(died, key=_after, default=None)
    error = min(raised, key=_after, default=None)
    if death and error:
        return error if error.after + CLEARLY_S < death.after else death
    return death or error


def _after(end: WorkerEnd) -> float:
    return end.after


def describe_end(status: int) -> str:
    """How a process ended, in words: `exit code 3`, `killed by SIGSEGV`."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code else "exit code 0, without a report"
