"""Runs one cluster: starts its workers together, watches them, and lets them leave together."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from testbed.catalogue.fault import FIRST_PHASE, Fault
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd
from testbed.launcher.cluster.cluster_look import ClusterLook
from testbed.launcher.cluster.deadlines import Deadlines, ReportWait, wait_until_all_ended
from testbed.launcher.cluster.faults import FaultInjection
from testbed.launcher.cluster.ledger import ledger
from testbed.launcher.cluster.output import OUTPUT_LIMIT, TOO_MUCH_OUTPUT, exceeds, shorten
from testbed.launcher.cluster.standstill import StandStill
from testbed.launcher.entry import Assignment, Envelope
from testbed.launcher.machine import descriptors
from testbed.launcher.machine.memory import oom_kills
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import StartRequest, WorkerSource
from testbed.launcher.server.worker_process import WorkerProcess

# A log has no event for its growth, so its size is read this often.
OUTPUT_INTERVAL_S = 0.25

Watch = Callable[[Sequence[WorkerProcess]], Awaitable[None]]


@dataclass(frozen=True)
class WorkerOrders:
    """The assignment and the environment of one worker of a cluster."""

    assignment: Assignment
    environment: dict[str, str | None] = field(default_factory=dict)
    address: str = ""
    """Its address in a separate network, from `PreloadedServer.new_address`, or empty."""
    source: WorkerSource | None = None
    """Its source, if that differs from the other workers' source."""


@dataclass(frozen=True)
class ClusterOptions:
    """How a cluster is run, observed and disturbed."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    """The workers are stopped after these."""
    fresh: bool = False
    """Whether workers are new interpreters instead of forks."""
    watch: Watch | None = None
    """Runs beside the cluster to show its progress, until its end. An exception in it ends the
    cluster, and is raised."""
    fault: Fault | None = None
    """A fault to inject into one worker. Then a failed worker does not end the others: it is
    observed how they react. A worker that failed by raising leaves at once, as a program does."""
    output_limit: float = OUTPUT_LIMIT
    """Bytes that each worker may print; a worker that prints more is ended."""
    nccl: str = ""
    """The address at which NCCL's RAS answers in the workers; empty where they do not use NCCL."""
    other_hash_seed: bool = False
    """Whether worker 1 is a new interpreter in any case. Forks have the hash seed of their server,
    and so the same order of the texts in a set; a new interpreter has another one."""
    held: bool = False
    """Whether all workers but the first wait at their first phase until `watch` releases them."""


async def run_cluster(
    server: WorkerSource,
    workers: Sequence[WorkerOrders],
    folder: CaseFolder,
    options: ClusterOptions,
) -> ClusterEnd:
    """Run one cluster to its end; no process of it is left when this returns or raises.

    Args:
        server: the source of the workers.
        workers: their orders, by index.
        folder: the folder for logs, reports, stacks and the ledger.
        options: how to run it.
    """
    began, changed = time.monotonic(), asyncio.Event()
    with descriptors.raised(), ledger(folder, began) as note:
        running = [
            (worker.source or server).start_worker(
                _start_request(worker, index, folder, options),
                changed,
                functools.partial(note, index),
            )
            for index, worker in enumerate(workers)
        ]
        first = workers[0].source or server
        return await _RunningCluster(running, folder, options, began, changed, first).run()


def _start_request(
    worker: WorkerOrders, index: int, folder: CaseFolder, options: ClusterOptions
) -> StartRequest:
    fault = options.fault
    hold_at = fault.phase if fault and fault.worker == index else ""
    if options.held and index:
        hold_at = FIRST_PHASE
    return StartRequest(
        Envelope(worker.assignment, str(folder.stacks(index)), hold_at),
        log=str(folder.log(index)),
        environment=worker.environment,
        fresh=options.fresh or (options.other_hash_seed and index == 1),
        address=worker.address,
    )


class _RunningCluster:
    """A cluster whose workers are being started."""

    def __init__(
        self,
        workers: Sequence[WorkerProcess],
        folder: CaseFolder,
        options: ClusterOptions,
        began: float,
        changed: asyncio.Event,
        first: WorkerSource,
    ) -> None:
        patience = options.deadlines.patience
        self._workers = workers
        self._folder = folder
        self._options = options
        self._began = began
        self._oom_kills = oom_kills()
        self._beside = _Beside(changed)
        self._injection = FaultInjection(options.fault) if options.fault else None
        self._look = ClusterLook(workers, folder, began, options.output_limit, first, options.nccl)
        self._still = StandStill(workers, self._look, patience) if patience else None

    async def run(self) -> ClusterEnd:
        """Run the cluster to its end, and end all its processes."""
        ends, nccl = tuple[WorkerEnd, ...](), ""
        try:
            self._start_beside()
            missed = await self._wait_for_reports()
            if missed:
                _, nccl = await asyncio.gather(self._look.take(), self._look.nccl.answer())
            # The ends are taken before any worker leaves: once the first ones leave, a worker that
            # waited for them may still raise and report.
            ends = self._look.ends(stuck=bool(missed))
            _let_leave(self._workers)
        except asyncio.CancelledError:
            if self._still:
                await self._beside.stop()
                await self._still.interrupted()
            raise
        finally:
            held = await _end_all(self._workers, self._beside, at_once=not ends)
        for log in (end.log for end in ends if exceeds(end.log, self._options.output_limit)):
            shorten(log)
        return self._end(ends, missed, held, nccl)

    def _start_beside(self) -> None:
        """Start the tasks that run beside the cluster."""
        beside, options = self._beside, self._options
        beside.start(_watch_output(self._workers, self._folder, options.output_limit))
        if options.watch:
            beside.start(options.watch(self._workers))
        if self._still:
            beside.start(self._still.watch())
        if self._injection:
            victim = self._workers[self._injection.fault.worker]
            beside.start(self._injection.carry_out(victim))
            beside.start(_release_failed(self._workers, beside.changed))

    async def _wait_for_reports(self) -> str:
        beside, patient = self._beside, self._injection is not None
        wait = ReportWait(
            self._workers, self._options.deadlines, beside.changed, beside.check, patient
        )
        return await wait.all_reported()

    def _end(self, ends: tuple[WorkerEnd, ...], missed: str, held: str, nccl: str) -> ClusterEnd:
        injected_at = self._injection.at if self._injection else None
        return ClusterEnd(
            ends,
            missed,
            time.monotonic() - self._began,
            hint=held or _hint(ends, self._oom_kills),
            injected_at=injected_at - self._began if injected_at else None,
            left_behind=self._still.left_behind if self._still else None,
            nccl=nccl,
        )


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

    def check(self) -> None:
        """Raise the exception of a task that failed."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

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


async def _end_all(workers: Sequence[WorkerProcess], beside: _Beside, *, at_once: bool) -> str:
    """End the tasks beside the cluster and all workers; returns which could not be killed."""
    if at_once:
        for worker in workers:
            worker.kill()
    await beside.stop()
    return await wait_until_all_ended(workers)


def _hint(ends: Sequence[WorkerEnd], before: dict[str, int]) -> str:
    """The likely killer of a worker, if the kernel's counters show one; else empty."""
    if not any(end.was_killed for end in ends):
        return ""
    grown = [file for file, count in oom_kills().items() if count > before.get(file, count)]
    if not grown:
        return ""
    return f"the kernel's out-of-memory killer has just ended a process, says {grown[-1]}"
