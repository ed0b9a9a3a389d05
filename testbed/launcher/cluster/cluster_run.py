"""Runs one cluster: starts its workers together, watches them, and lets them leave together."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from testbed.catalogue.fault import Fault
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd
from testbed.launcher.cluster.cluster_look import ClusterLook
from testbed.launcher.cluster.faults import FaultInjection
from testbed.launcher.cluster.ledger import ledger
from testbed.launcher.cluster.output import OUTPUT_LIMIT, TOO_MUCH_OUTPUT, exceeds, shorten
from testbed.launcher.cluster.standstill import Patience, StandStill
from testbed.launcher.machine import descriptors
from testbed.launcher.machine.memory import oom_kills
from testbed.launcher.machine.process_tree import EACH_S
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerSource
from testbed.launcher.server.worker_process import WorkerProcess

# When one worker has failed, its peers can only wait for it. Their reports still count within this.
PEER_GRACE_S = 2.0
# This and the time for stacks are what a hang may cost beyond its deadline: below five seconds.
LEAVE_DEADLINE_S = 2.0
# A program ends with its interpreter: open files are written, finalizers run.
PROGRAM_LEAVE_DEADLINE_S = 30.0
KILL_DEADLINE_S = 1.0

# A log has no event for its growth, so its size is read this often.
OUTPUT_INTERVAL_S = 0.25


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


@dataclass(frozen=True)
class WorkerOrders:
    """The orders and the environment of one worker of a cluster."""

    orders: dict[str, Any]
    environment: dict[str, str | None] = field(default_factory=dict)
    address: str = ""
    """Its address in a separate network, from `PreloadedServer.new_address`, or empty."""
    source: WorkerSource | None = None
    """Its source, if that differs from the other workers' source."""


async def run_cluster(
    server: WorkerSource,
    workers: Sequence[WorkerOrders],
    folder: CaseFolder,
    deadlines: Deadlines,
    *,
    fresh: bool = False,
    watch: Callable[[Sequence[WorkerProcess]], Awaitable[None]] | None = None,
    fault: Fault | None = None,
    output_limit: float = OUTPUT_LIMIT,
) -> ClusterEnd:
    """Run one cluster to its end; no process of it is left when this returns or raises.

    Args:
        server: the source of the workers.
        workers: their orders, by index.
        folder: the folder for logs, reports, stacks and the ledger.
        deadlines: the workers are stopped after these.
        fresh: whether workers are new interpreters instead of forks.
        watch: runs beside the cluster to show its progress, until its end. An exception in it ends
            the cluster, and is raised. It may hold workers, which then are not part of the cluster.
        fault: a fault to inject into one worker. Then a failed worker does not end the others: it
            is observed how they react. A worker that failed by raising leaves at once, as a
            program does.
        output_limit: bytes that each worker may print; a worker that prints more is ended.
    """
    began, kills = time.monotonic(), oom_kills()
    changed, ends = asyncio.Event(), tuple[WorkerEnd, ...]()
    beside = _Beside(changed)
    injection = FaultInjection(fault) if fault else None
    with descriptors.raised(), ledger(folder, began) as note:
        running = _start_all(server, workers, folder, changed, note, fresh=fresh, fault=fault)
        look = ClusterLook(running, folder, began, output_limit)
        still = StandStill(running, look, deadlines.patience) if deadlines.patience else None
        try:
            beside.start(_watch_output(running, folder, output_limit))
            _start_beside(beside, running, watch, still, injection)
            if missed := await _wait_for_reports(running, beside, deadlines, bool(injection)):
                await look.take()
            # The ends are taken before any worker leaves: once the first ones leave, a worker that
            # waited for them may still raise and report.
            ends = look.ends(stuck=bool(missed))
            _let_leave(running)
        except asyncio.CancelledError:
            if still:
                await beside.stop()
                await still.interrupted()
            raise
        finally:
            held = await _end_all(running, beside, at_once=not ends)
    for log in (end.log for end in ends if exceeds(end.log, output_limit)):
        shorten(log)
    return ClusterEnd(
        ends,
        missed,
        time.monotonic() - began,
        hint=held or _hint(ends, kills),
        injected_at=injection.at - began if injection and injection.at else None,
        left_behind=still.left_behind if still else None,
    )


def _start_beside(
    beside: _Beside,
    running: Sequence[WorkerProcess],
    watch: Callable[[Sequence[WorkerProcess]], Awaitable[None]] | None,
    still: StandStill | None,
    injection: FaultInjection | None,
) -> None:
    """Start what the caller wants to run beside the cluster."""
    if watch:
        beside.start(watch(running))
    if still:
        beside.start(still.watch())
    if injection:
        beside.start(injection.carry_out(running[injection.fault.worker]))
        beside.start(_release_failed(running, beside.changed))


def _start_all(
    server: WorkerSource,
    workers: Sequence[WorkerOrders],
    folder: CaseFolder,
    changed: asyncio.Event,
    note: Callable[[int, dict[str, Any]], None],
    *,
    fresh: bool,
    fault: Fault | None,
) -> list[WorkerProcess]:
    return [
        (worker.source or server).start_worker(
            {
                **worker.orders,
                "stacks": str(folder.stacks(index)),
                "hold_at": fault.phase if fault and fault.worker == index else "",
            },
            log=folder.log(index),
            environment=worker.environment,
            fresh=fresh,
            changed=changed,
            on_message=functools.partial(note, index),
            address=worker.address,
        )
        for index, worker in enumerate(workers)
    ]


def _let_leave(workers: Sequence[WorkerProcess]) -> None:
    for worker in workers:
        if worker.reported:
            worker.let_leave()
        else:
            worker.kill()


class _Beside:
    """Tasks that run beside a cluster; an exception in one of them ends the cluster."""

    def __init__(self, changed: asyncio.Event) -> None:
        self.changed = changed
        self._tasks: list[asyncio.Future[None]] = []

    def start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: self.changed.set())
        self._tasks.append(task)

    @property
    def raised(self) -> BaseException | None:
        ended = (task for task in self._tasks if task.done() and not task.cancelled())
        return next(filter(None, (task.exception() for task in ended)), None)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _watch_output(workers: Sequence[WorkerProcess], folder: CaseFolder, limit: float) -> None:
    """End a worker that prints too much, before the disk is full."""
    while True:
        for index, worker in enumerate(workers):
            if exceeds(folder.log(index), limit):
                worker.end_for(TOO_MUCH_OUTPUT)
        await asyncio.sleep(OUTPUT_INTERVAL_S)


async def _release_failed(workers: Sequence[WorkerProcess], changed: asyncio.Event) -> None:
    """Let each worker that has raised leave at once, regardless of its peers."""
    while True:
        for worker in workers:
            if worker.reported and worker.failed:
                worker.let_leave()
        changed.clear()
        await changed.wait()


async def _wait_for_reports(
    workers: Sequence[WorkerProcess], beside: _Beside, deadlines: Deadlines, patient: bool
) -> str:
    """Wait until all have reported or one has failed; returns the name of a missed deadline.

    With `patient`, wait until each has reported or ended.
    """

    def over() -> bool:
        if beside.raised:
            raise beside.raised
        return all(worker.reported or worker.status is not None for worker in workers)

    def settled() -> bool:
        return over() or (not patient and any(worker.failed for worker in workers))

    def joined() -> bool:
        return settled() or all(
            worker.reached("joined") or worker.status is not None for worker in workers
        )

    def begun() -> bool:
        return settled() or any(worker.reached(deadlines.begin) for worker in workers)

    changed, left = beside.changed, deadlines.run
    if deadlines.begin:
        end = time.monotonic() + deadlines.run
        if not await _until(begun, changed, deadlines.run):
            return "run"
        start = deadlines.start + max(worker.late for worker in workers)
        if not await _until(joined, changed, min(start, end - time.monotonic())):
            return "start" if time.monotonic() < end else "run"
        left = end - time.monotonic()
    elif not await _until(joined, changed, deadlines.start):
        return "start"
    if not await _until(settled, changed, left):
        return "run"
    if not await _until(over, changed, PEER_GRACE_S):
        return "run"
    return ""


async def _until(condition: Callable[[], bool], changed: asyncio.Event, seconds: float) -> bool:
    """Wait for a condition on workers that set `changed`; whether it became true in time."""
    over = False

    def stop() -> None:
        nonlocal over
        over = True
        changed.set()

    # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes together with
    # the awaited event, and the run would continue after Ctrl-C.
    timer = asyncio.get_running_loop().call_later(seconds, stop)
    try:
        while not over and not condition():
            changed.clear()
            await changed.wait()
    finally:
        timer.cancel()
    return condition()


async def _end_all(workers: Sequence[WorkerProcess], beside: _Beside, *, at_once: bool) -> str:
    """End the tasks beside the cluster and all workers; returns which could not be killed."""
    if at_once:
        for worker in workers:
            worker.kill()
    await beside.stop()
    return await _wait_until_all_ended(workers)


async def _wait_until_all_ended(workers: Sequence[WorkerProcess]) -> str:
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


def _hint(ends: Sequence[WorkerEnd], before: dict[str, int]) -> str:
    """The likely killer of a worker, if the kernel's counters show one; else empty."""
    if not any(end.was_killed for end in ends):
        return ""
    grown = [file for file, count in oom_kills().items() if count > before.get(file, count)]
    if not grown:
        return ""
    return f"the kernel's out-of-memory killer has just ended a process, says {grown[-1]}"
