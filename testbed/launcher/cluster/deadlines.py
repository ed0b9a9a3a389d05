"""The deadlines of a cluster: waits for the reports of its workers, and for their ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.machine.process_tree import EACH_S
from testbed.launcher.server.worker_process import WorkerProcess

# When one worker has failed, its peers can only wait for it. Their reports still count within this.
PEER_GRACE_S = 2.0
# This and the time for stacks are what a hang may cost beyond its deadline: below five seconds.
LEAVE_DEADLINE_S = 2.0
# A program ends with its interpreter: open files are written, finalizers run.
PROGRAM_LEAVE_DEADLINE_S = 30.0
KILL_DEADLINE_S = 1.0


@dataclass(frozen=True)
class Deadlines:
    """The deadlines of a cluster, in seconds."""

    start: float = 60.0
    """Until every worker has reported the phase `joined`."""
    run: float = 60.0
    """From then until every worker has written its report."""
    begin: str = ""
    """The phase at which `start` begins to count, once any worker has reported it; then `run`
    counts from the start of the cluster. For programs that join at any time, or never."""
    patience: Patience | None = None
    """For the user's program: how to handle workers that stand still. None where all workers leave
    together."""


@dataclass
class ReportWait:
    """Waits for the reports of a cluster's workers, until a deadline passes."""

    workers: Sequence[WorkerProcess]
    deadlines: Deadlines
    changed: asyncio.Event
    """Is set whenever something happens to a worker, or beside the cluster."""
    check: Callable[[], None]
    """Called on each change; an exception ends the wait."""
    patient: bool
    """Whether to wait until each worker has reported or ended, even if one has failed."""
    _run_ends: float = 0.0
    """The time of the deadline `run`, on the monotonic clock."""

    async def all_reported(self) -> str:
        """Wait until all have reported or one has failed; returns the name of a missed deadline."""
        if missed := await self._all_joined():
            return missed
        in_time = await self._until(self._settled, self._left)
        in_time = in_time and await self._until(self._over, PEER_GRACE_S)
        return "" if in_time else "run"

    async def _all_joined(self) -> str:
        """Wait until all have joined; returns the name of a missed deadline."""
        limits = self.deadlines
        if not limits.begin:
            in_time = await self._until(self._joined, limits.start)
            self._run_ends = time.monotonic() + limits.run
            return "" if in_time else "start"
        self._run_ends = time.monotonic() + limits.run
        if not await self._until(self._begun, limits.run):
            return "run"
        start = limits.start + max(worker.late for worker in self.workers)
        if await self._until(self._joined, min(start, self._left)):
            return ""
        return "start" if self._left > 0 else "run"

    @property
    def _left(self) -> float:
        """Seconds until the deadline `run`."""
        return self._run_ends - time.monotonic()

    def _over(self) -> bool:
        self.check()
        return all(worker.reported or worker.status is not None for worker in self.workers)

    def _settled(self) -> bool:
        return self._over() or (not self.patient and any(each.failed for each in self.workers))

    def _joined(self) -> bool:
        return self._settled() or all(
            worker.reached("joined") or worker.status is not None for worker in self.workers
        )

    def _begun(self) -> bool:
        return self._settled() or any(each.reached(self.deadlines.begin) for each in self.workers)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition; whether it became true in time."""
        over = False

        def stop() -> None:
            nonlocal over
            over = True
            self.changed.set()

        # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes together with
        # the awaited event, and the run would continue after Ctrl-C.
        timer = asyncio.get_running_loop().call_later(seconds, stop)
        try:
            while not over and not condition():
                self.changed.clear()
                await self.changed.wait()
        finally:
            timer.cancel()
        return condition()


async def wait_until_all_ended(workers: Sequence[WorkerProcess]) -> str:
    """Wait for all workers to end, kill those that linger; returns which could not be killed."""
    leaving = [asyncio.ensure_future(worker.wait_until_ended()) for worker in workers]
    many = EACH_S * len(workers)
    ends_itself = any(worker.exit_code_counts for worker in workers)
    deadline = PROGRAM_LEAVE_DEADLINE_S if ends_itself else LEAVE_DEADLINE_S
    await asyncio.wait(leaving, timeout=deadline + many)
    killed = [worker.kill() for worker in workers]
    _, staying = await asyncio.wait(leaving, timeout=KILL_DEADLINE_S + many)
    for each in staying:
        each.cancel()
    held = [str(index) for index, worker in enumerate(workers) if worker.status is None]
    if not held:
        return ""
    if not all(answer.done() for answer in killed):
        return f"worker {', '.join(held)} could not be ended: the server does not answer"
    return f"worker {', '.join(held)} cannot even be killed: the kernel holds it, in a driver"
