"""Runs one cluster: starts its workers together, watches them, and lets them leave together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.launch.preloaded import PreloadedServer
from testbed.launch.run_folder import CaseFolder
from testbed.launch.stacks import where_blocked
from testbed.launch.worker_process import WorkerProcess, describe_end

# When one worker has failed, its peers can only wait for it; what they say soon is still heard.
PEER_GRACE_S = 2.0
LEAVE_DEADLINE_S = 3.0
STACKS_DEADLINE_S = 2.0


@dataclass(frozen=True)
class Deadlines:
    """How long a cluster may take, in seconds."""

    start: float = 60.0
    """Until every worker has told the phase `joined`."""
    run: float = 60.0
    """From then until every worker has reported."""


@dataclass(frozen=True)
class WorkerOrders:
    """What one worker of a cluster is to do."""

    orders: dict[str, Any]
    environment: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerEnd:
    """How far one worker came, and how it ended."""

    worker: int
    phase: str
    reported: bool
    status: int | None
    """As waitpid tells it, of a worker that ended by itself before all had reported."""
    at: float
    """When it told its last phase or ended, in seconds of the monotonic clock."""
    log: Path
    blocked: str = ""
    """Where it was waiting when its time was over: `file.py:12 in step`."""
    phases: tuple[tuple[str, float], ...] = ()
    """What it told, and how many seconds after the start of the cluster."""

    @property
    def complaint(self) -> str:
        """What is wrong with this worker, or nothing."""
        if self.reported:
            return ""
        after = f"in phase '{self.phase}'"
        if self.status is not None:
            return f"worker {self.worker} ended {after}: {describe_end(self.status)}"
        return f"worker {self.worker} stayed {after}{f', at {self.blocked}' * bool(self.blocked)}"


@dataclass(frozen=True)
class ClusterEnd:
    """How a whole cluster ended.

    `overdue` is the deadline that passed: `start`, `run`, or nothing.
    """

    workers: tuple[WorkerEnd, ...]
    overdue: str
    seconds: float

    @property
    def complaints(self) -> list[str]:
        """What is wrong, the cause first: an end before a wait, the least advanced first."""
        return [end.complaint for end in self.guilty]

    @property
    def guilty(self) -> list[WorkerEnd]:
        """The workers with which something is wrong, in the same order."""
        found = [end for end in self.workers if end.complaint]
        return sorted(found, key=lambda end: (end.status is None, end.at))


async def run_cluster(
    server: PreloadedServer,
    workers: Sequence[WorkerOrders],
    folder: CaseFolder,
    deadlines: Deadlines,
    *,
    fresh: bool = False,
    watch: Callable[[Sequence[WorkerProcess]], Awaitable[None]] | None = None,
) -> ClusterEnd:
    """Run one cluster to its end; no process of it is left when this returns or raises.

    Args:
        server: where the workers come from.
        workers: in the order of their indices.
        folder: for logs, reports and stacks.
        deadlines: after which the workers are stopped.
        fresh: new interpreters instead of forks.
        watch: runs beside the cluster and is cancelled at its end, to show what goes on.
    """
    began = time.monotonic()
    changed = asyncio.Event()
    running = [
        server.start_worker(
            f"{folder.path.name}/{index}",
            {**worker.orders, "stacks": str(folder.stacks(index))},
            log=folder.log(index),
            environment=worker.environment,
            fresh=fresh,
            changed=changed,
        )
        for index, worker in enumerate(workers)
    ]
    watcher = asyncio.ensure_future(watch(running)) if watch else None
    try:
        overdue = await _wait_for_reports(running, changed, deadlines)
        if overdue:
            await _collect_stacks(running, folder)
        # What counts is how far they came by themselves: once the first ones leave, a worker that
        # waited for them may still raise and report.
        ends = tuple(
            _end_of(worker, index, folder, began, stuck=bool(overdue))
            for index, worker in enumerate(running)
        )
        for worker in running:
            if worker.reported:
                worker.let_leave()
            else:
                worker.kill()
    except BaseException:
        for worker in running:
            worker.kill()
        raise
    finally:
        if watcher:
            watcher.cancel()
        await _wait_until_all_ended(running)
    return ClusterEnd(ends, overdue, time.monotonic() - began)


def _end_of(
    worker: WorkerProcess, index: int, folder: CaseFolder, began: float, *, stuck: bool
) -> WorkerEnd:
    return WorkerEnd(
        index,
        worker.phase,
        worker.reported,
        worker.status,
        _last_sign(worker),
        folder.log(index),
        where_blocked(folder.stacks(index)) if stuck else "",
        tuple((str(told["phase"]), told["at"] - began) for told in worker.phases),
    )


async def _wait_for_reports(
    workers: Sequence[WorkerProcess], changed: asyncio.Event, deadlines: Deadlines
) -> str:
    """Wait until all have reported or one has failed; the name of a deadline that passed."""

    def settled() -> bool:
        return all(worker.reported for worker in workers) or any(w.failed for w in workers)

    def joined() -> bool:
        return settled() or all(worker.reached("joined") for worker in workers)

    def over() -> bool:
        return all(worker.reported or worker.status is not None for worker in workers)

    if not await _until(joined, changed, deadlines.start):
        return "start"
    if not await _until(settled, changed, deadlines.run):
        return "run"
    if not await _until(over, changed, PEER_GRACE_S):
        return "run"
    return ""


async def _until(condition: Callable[[], bool], changed: asyncio.Event, seconds: float) -> bool:
    """Wait for a condition on workers that set `changed`; whether it came true in time."""
    over = False

    def stop() -> None:
        nonlocal over
        over = True
        changed.set()

    # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes together with
    # what is waited for, and the run would go on after Ctrl-C.
    timer = asyncio.get_running_loop().call_later(seconds, stop)
    try:
        while not over and not condition():
            changed.clear()
            await changed.wait()
    finally:
        timer.cancel()
    return condition()


async def _collect_stacks(workers: Sequence[WorkerProcess], folder: CaseFolder) -> None:
    """Have every worker that has not reported write its stacks, without ending it."""
    asked = []
    for index, worker in enumerate(workers):
        if worker.status is None and not worker.reported and worker.reached("forked"):
            worker.show_stacks()
            asked.append(folder.stacks(index))
    deadline = time.monotonic() + STACKS_DEADLINE_S
    while time.monotonic() < deadline:
        if all(path.exists() and path.stat().st_size for path in asked):
            return
        # A signal has no answer to wait for: the file itself is the answer.
        await asyncio.sleep(0.01)


async def _wait_until_all_ended(workers: Sequence[WorkerProcess]) -> None:
    """Wait until no worker is left, and kill those that linger."""
    ended = asyncio.gather(*(worker.wait_until_ended() for worker in workers))
    await asyncio.wait({ended}, timeout=LEAVE_DEADLINE_S)
    for worker in workers:
        worker.kill()
    await ended


def _last_sign(worker: WorkerProcess) -> float:
    if worker.ended_at is not None:
        return worker.ended_at
    return float(worker.phases[-1]["at"]) if worker.phases else 0.0
