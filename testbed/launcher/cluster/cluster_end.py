"""How a cluster ended: each worker's progress and end, and the one cause of a failure."""

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

# A worker that raised this long before another died may have caused that death.
CLEARLY_S = 1.0


@dataclass(frozen=True)
class PhaseReport:
    """A phase that a worker reported, in seconds after the start of its cluster."""

    phase: str
    after: float
    steps: int | None = None
    """The steps that its program had begun, where they are counted and reported."""


@dataclass(frozen=True)
class WorkerEnd:
    """The progress of one worker, and how it ended."""

    worker: int
    log: Path
    ledger: tuple[PhaseReport, ...] = ()
    reported: bool = False
    status: int | None = None
    """waitpid's status of a worker that ended by itself before all had reported."""
    after: float = 0.0
    """The time of its last phase or its end, in seconds after the start of its cluster."""
    place: StackPlace = NOWHERE
    """The place in its code when the deadline passed."""
    words: str = ""
    """Its last message before it ended."""
    ended_for: str = ""
    """Why the launcher ended it before all had reported; empty if it did not."""
    steps: Steps | None = None
    """The steps that its program had begun, where they are counted."""
    exit_code_counts: bool = False
    """Whether exit code 0 is a good end without a report, as for a user's program."""
    notes: tuple[Mapping[str, Any], ...] = ()
    """Its notes: see `WorkerProcess.notes`."""

    @property
    def phase(self) -> str:
        """The last phase that it reported."""
        return self.ledger[-1].phase if self.ledger else "starting"

    def reached(self, phase: str) -> bool:
        """Whether it reported this phase."""
        return any(each.phase == phase for each in self.ledger)

    @property
    def complaint(self) -> str:
        """A sentence on its bad end, without a report; empty where it ended well."""
        when = f"after {self.after:.1f} s in phase '{self.phase}'"
        if self.ended_for:
            return f"worker {self.worker} was ended {when}: {self.ended_for}"
        if self.status is None or self.done:
            return ""
        how = describe_end(self.status) + f" ({self.words})" * bool(self.words)
        return f"worker {self.worker} ended {when}: {how}"

    @property
    def done(self) -> bool:
        """Whether it is complete: it has reported, or may end without a report."""
        return self.reported or (self.exit_code_counts and self.status == 0)

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it, and the launcher did not send it."""
        if self.ended_for or self.status is None:
            return False
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


@dataclass(frozen=True)
class LeftBehind:
    """Workers whose program ended while others waited for them in a collective."""

    sentence: str
    """The sentence that names the ended workers, and where the others waited."""
    place: StackPlace
    """The place where the first of the others waited."""
    after: float
    """The time when the ended workers were let go, in seconds after the start of the cluster."""


@dataclass(frozen=True)
class ClusterEnd:
    """How a whole cluster ended."""

    workers: tuple[WorkerEnd, ...]
    missed_deadline: str
    """The missed deadline: `start`, `run`, or empty."""
    seconds: float
    hint: str = ""
    """The machine's evidence: why a worker was killed, or could not be."""
    injected_at: float | None = None
    """The time when an ordered fault was injected, in seconds after the start of the cluster."""
    left_behind: LeftBehind | None = None
    """Which workers waited in vain for workers whose program had ended, if any did."""
    nccl: str = ""
    """What NCCL reported about a hang, as the rest of a sentence; empty if it was not asked, or did
    not answer."""

    @property
    def guilty(self) -> list[WorkerEnd]:
        """The workers that are not done, the cause first: the earliest end, then waiting ones."""
        silent = [end for end in self.workers if not end.done]
        return sorted(silent, key=lambda end: (not end.complaint, end.after))

    @property
    def cause(self) -> str:
        """The cause of the failure in one sentence; empty where all are done."""
        if not self.guilty:
            return ""
        return self.hinted(self.guilty[0].complaint or self._late or self.hang)

    def hinted(self, found: str) -> str:
        """Add the machine's hint to a sentence."""
        return found + f"; {self.hint}" * bool(self.hint)

    def moves(self, worker: WorkerEnd) -> bool:
        """Whether a worker had begun a step in the last quarter of the time: it may only be slow.

        Args:
            worker: one of this cluster.
        """
        ago = worker.steps.ago if worker.steps else None
        return ago is not None and ago < self.seconds / 4

    @property
    def _late(self) -> str:
        """Which worker still moved when the time was over; empty where none did."""
        for worker in self.guilty if self.missed_deadline else ():
            if worker.steps and self.moves(worker):
                return (
                    f"not done after {self.seconds:.0f} s, and it did not stand still: worker"
                    f" {worker.worker} had begun step {worker.steps.begun}"
                    f" {worker.steps.ago:.1f} s before"
                )
        return ""

    @property
    def hang(self) -> str:
        """Which workers keep which waiting, in one sentence."""
        return describe_hang(standings(self.workers)) + self.nccl

    def led_to(self, failure: str, after: float) -> str:
        """Describe a failure, with the left-behind workers before it if they led to it.

        Args:
            failure: the sentence on a worker's failure.
            after: the time of the failure, in seconds after the start of the cluster.
        """
        before = self.left_behind
        return f"{before.sentence}; then {failure}" if before and before.after <= after else failure


def standings(workers: Sequence[WorkerEnd]) -> list[Standing]:
    """The standings of a cluster's workers, for `describe_hang`."""
    return [
        Standing(
            worker=end.worker,
            phase=end.phase,
            phases=len(end.ledger),
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
    """The worker that failed first, among those that died and those that raised.

    Peers notice a death at once, and may have raised before the server has collected the dead
    worker. So an error counts as first only if it was clearly earlier.
    """
    death = min(died, key=_after, default=None)
    error = min(raised, key=_after, default=None)
    if death and error:
        return error if error.after + CLEARLY_S < death.after else death
    return death or error


def _after(end: WorkerEnd) -> float:
    return end.after


def describe_end(status: int) -> str:
    """Describe a process's status: `exit code 3`, `killed by SIGSEGV`."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"killed by signal {number}"
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code else "exit code 0, without a report"
