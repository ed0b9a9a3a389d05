"""Detects workers of a user's program that stand still, and lets ended peers leave.

A worker of a user's program leaves when its program is done, as under plain Python. But it does not
leave at once: its peers may still need to read the result of their last collective from it, and
would fail. It leaves when one of them has stood still for some seconds, because a peer that still
reads does not stand still.

A worker stands still if it takes nearly no CPU time, begins no step, reports no phase and prints
nothing. Where all stand still for long, one line says where each of them waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testbed.errors import LaunchError
from testbed.launcher.cluster.activity import Activity
from testbed.launcher.cluster.cluster_end import LeftBehind, WorkerEnd, standings
from testbed.launcher.cluster.cluster_look import ClusterLook
from testbed.launcher.cluster.hang import describe_hang
from testbed.launcher.server.worker_process import WorkerProcess

# The share of one core. A waiting worker takes about 0.001 for its heartbeats.
_IDLE_SHARE = 0.05
# The resolution of the CPU time clock.
_TICK_S = 0.02


@dataclass(frozen=True)
class Patience:
    """How long workers may stand still, and how that is shown; times in seconds."""

    release: float = 3.0
    """An ended worker may leave when a peer has stood still for this long."""
    show: float = 60.0
    """The workers' places are shown when all have stood still for this long."""
    interval: float = 3.0
    """The longest time between two looks."""
    tell: Callable[[str], None] = lambda _: None
    """Called with each line to show."""
    show_stacks: Callable[[int, str], None] = lambda *_: None
    """Called with a worker and its stacks, when a standstill is interrupted."""


class _Mark:
    """The last time when a worker was observed to move."""

    def __init__(self, worker: WorkerProcess, now: float) -> None:
        self.worker = worker
        self.moved_at = now
        self.stopped = False
        self._seen: Activity | None = None
        self._progress: object = None

    def note(self, seen: Activity | None, printed: int, now: float, since: float) -> None:
        """Record the worker's activity now.

        Args:
            seen: its activity; None where it is unknown.
            printed: the number of bytes that it has printed.
            now: the time on the monotonic clock, in seconds.
            since: seconds since the last call.
        """
        progress = len(self.worker.phases), printed, seen and seen.steps and seen.steps.begun
        before = self._seen
        worked = seen is None or before is None or _has_worked(before, seen, since)
        if worked or progress != self._progress:
            self.moved_at = now
        self.stopped = bool(seen and seen.stopped)
        self._seen, self._progress = seen, progress


class StandStill:
    """Watches the workers of one cluster, and acts as `Patience` says."""

    def __init__(
        self, workers: Sequence[WorkerProcess], look: ClusterLook, patience: Patience
    ) -> None:
        self.left_behind: LeftBehind | None = None
        self._look = look
        self._patience = patience
        self._began = time.monotonic()
        self._marks = [_Mark(worker, self._began) for worker in workers]
        self._noted_at = self._began
        self._found: str | None = None
        """Where all waited at the last look; None if any has moved since."""
        self._look_again_at = 0.0
        self._shown = ""

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            # Standing still has no event: it is visible only as no change between two looks.
            began, interval = time.monotonic(), self._interval
            await asyncio.sleep(interval)
            # If this process was suspended or late, it knows nothing of the time in between.
            await self._note(late=time.monotonic() - began > 2 * interval + 1)
            await self._let_go()
            await self._show()

    async def interrupted(self) -> None:
        """Show where each worker is, and the stacks of those that stand still."""
        running = [mark.worker for mark in self._running if mark.worker.reached("started")]
        if not running:
            return
        still = all(self._still_for(mark) >= self._patience.release for mark in self._running)
        ends = await self._taken()
        for end in ends:
            if still and end.place.known:
                self._patience.show_stacks(end.worker, self._look.stacks_of(end.worker))
        self._patience.tell(describe_hang(standings(ends)) + await self._look.nccl.answer())

    @property
    def _running(self) -> list[_Mark]:
        return [each for each in self._marks if not (_is_over(each.worker) or each.worker.held)]

    @property
    def _held(self) -> list[_Mark]:
        """The workers whose program has ended well, and which still run."""
        return [
            each
            for each in self._marks
            if each.worker.reported and not each.worker.failed and each.worker.status is None
        ]

    @property
    def _interval(self) -> float:
        longest = min(self._patience.interval, self._patience.show / 4)
        return min(longest, self._patience.release / 3) if self._held else longest

    def _still_for(self, mark: _Mark) -> float:
        return self._noted_at - mark.moved_at

    async def _note(self, *, late: bool) -> None:
        running = self._running
        seen = await asyncio.gather(*(_activity(each.worker) for each in running))
        now = time.monotonic()
        since = now - self._noted_at
        for mark, activity in zip(running, seen, strict=True):
            mark.note(None if late else activity, self._look.printed(mark.worker), now, since)
        self._noted_at = now

    async def _let_go(self) -> None:
        """Let the ended workers leave, if a peer waits."""
        held, running = self._held, self._running
        if not held:
            return
        # A peer's activity before the last of them ended does not show whether it waits for them.
        ended_at = max(float(mark.worker.phases[-1]["at"]) for mark in held)
        since = [max(mark.moved_at, ended_at) for mark in running if not mark.stopped]
        if self._noted_at - min(since, default=self._noted_at) < self._patience.release:
            return
        ends = await self._taken()
        found = standings(ends)
        waiting = [end for end, each in zip(ends, found, strict=True) if each.collective]
        if waiting and self.left_behind is None:
            sentence, after = describe_hang(found), time.monotonic() - self._look.began
            self.left_behind = LeftBehind(sentence, waiting[0].place, after)
        for mark in held:
            mark.worker.let_leave()

    async def _show(self) -> None:
        """Show where all wait, if they have waited there for long enough."""
        running = self._running
        still = min(map(self._still_for, running), default=0.0)
        if still < self._patience.show / 2:
            self._found = None
            return
        if self._found is not None and self._noted_at < self._look_again_at:
            return
        before, self._found = self._found, describe_hang(standings(await self._taken()))
        self._look_again_at = self._noted_at + self._patience.show / 2
        # Two looks must find one place, so that a slow worker is not taken for a waiting one.
        if still >= self._patience.show and before == self._found != self._shown:
            self._shown = self._found
            nccl = await self._look.nccl.answer()
            self._patience.tell(f"no worker has moved for {still:.0f} s: {self._found}{nccl}")

    async def _taken(self) -> tuple[WorkerEnd, ...]:
        await self._look.take()
        return self._look.ends(stuck=True)


def _has_worked(before: Activity, now: Activity, seconds: float) -> bool:
    # A thread that wants a CPU and gets none is busy in both looks.
    took = now.cpu - before.cpu
    return took > _IDLE_SHARE * seconds + _TICK_S or bool({*before.busy} & {*now.busy})


def _is_over(worker: WorkerProcess) -> bool:
    return worker.reported or worker.status is not None


async def _activity(worker: WorkerProcess) -> Activity | None:
    with contextlib.suppress(LaunchError):
        return await worker.look()
    return None
