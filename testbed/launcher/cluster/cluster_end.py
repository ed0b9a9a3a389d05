"""How a cluster ended: what each worker did, and the one cause where something is wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.launcher.cluster.hang import Standing, describe_hang
from testbed.launcher.cluster.stacks import NOWHERE, StackPlace
from testbed.launcher.cluster.step_count import Steps

# A worker that raised so long before another died may be why it died.
CLEARLY_S = 1.0


@dataclass(frozen=True)
class PhaseReport:
    """A phase that a worker told, and how many seconds after the start of its cluster."""

    phase: str
    after: float
    steps: int | None = None
    """The steps that its program had begun, where they are counted and it told them."""


@dataclass(frozen=True)
class WorkerEnd:
    """How far one worker came, and how it ended."""

    worker: int
    log: Path
    ledger: tuple[PhaseReport, ...] = ()
    reported: bool = False
    status: int | None = None
    """As waitpid tells it, of a worker that ended by itself before all had reported."""
    after: float = 0.0
    """When it told its last phase or ended, in seconds after the start of its cluster."""
    place: StackPlace = NOWHERE
    """Where it was when the time was over."""
    words: str = ""
    """What it said when it was about to end."""
    ended_for: str = ""
    """Why it was ended before all had reported."""
    steps: Steps | None = None
    """The steps that its program had begun, where they are counted."""
    exit_code_counts: bool = False
    """Whether exit code 0 is a good end of it without a report, as of a program of one's own."""
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
        if self.status is None or self.done:
            return ""
        how = describe_end(self.status) + f" ({self.words})" * bool(self.words)
        return f"worker {self.worker} ended {when}: {how}"

    @property
    def done(self) -> bool:
        """Whether it has come to its end: it has reported, or may end without."""
        return self.reported or (self.exit_code_counts and self.status == 0)

    @property
    def was_killed(self) -> bool:
        """Whether somebody else has killed it."""
        if self.ended_for or self.status is None:
            return False
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


@dataclass(frozen=True)
class LeftBehind:
    """Workers whose program ended while others waited for them in a collective."""

    sentence: str
    """Who had ended, and where the others waited."""
    place: StackPlace
    """Where the first of the others waited."""
    after: float
    """When those that had ended were let go, in seconds after the start of the cluster."""


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
    left_behind: LeftBehind | None = None
    """Who waited in vain for workers whose program had ended, if any did."""

    @property
    def guilty(self) -> list[WorkerEnd]:
        """The workers that are not done, the cause first: the earliest end, then who waits."""
        silent = [end for end in self.workers if not end.done]
        return sorted(silent, key=lambda end: (not end.complaint, end.after))

    @property
    def cause(self) -> str:
        """What went wrong, in one sentence; nothing where all are done."""
        if not self.guilty:
            return ""
        return self.hinted(self.guilty[0].complaint or self.hang)

    def hinted(self, found: str) -> str:
        """What was found of it, and what the machine says."""
        return found + f"; {self.hint}" * bool(self.hint)

    @property
    def hang(self) -> str:
        """Who keeps whom waiting, in one sentence."""
        return describe_hang(standings(self.workers))

    def led_to(self, failure: str, after: float) -> str:
        """A failure, and before it what it followed from.

        Args:
            failure: of a worker.
            after: when that was, in seconds after the start of the cluster.
        """
        before = self.left_behind
        return f"{before.sentence}; then {failure}" if before and before.after <= after else failure


def standings(workers: Sequence[WorkerEnd]) -> list[Standing]:
    """Where the workers of a cluster stand."""
    return [
        Standing(
            worker=end.worker,
            phase=end.phase,
            told=len(end.ledger),
            joined=end.reached("joined"),
            reported=end.reported,
            ended=bool(end.complaint) or (end.done and not end.reported),
            place=end.place,
            peers=len(workers) - 1,
            steps=end.steps,
        )
        for end in workers
    ]


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
