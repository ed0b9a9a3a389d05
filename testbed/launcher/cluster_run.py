"""Runs one cluster: starts its workers together, watches them, and lets them leave together."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from testbed.fault import Fault
from testbed.launcher import descriptors
from testbed.launcher.cluster_end import ClusterEnd, Told, WorkerEnd
from testbed.launcher.custody import EACH_S
from testbed.launcher.faults import Strike
from testbed.launcher.memory import oom_kills
from testbed.launcher.output import OUTPUT_LIMIT, TOO_MUCH_OUTPUT, exceeds, shorten
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.source import WorkerSource
from testbed.launcher.stacks import NOWHERE, is_whole, where_blocked
from testbed.launcher.worker_process import WorkerProcess

# When one worker has failed, its peers can only wait for it; what they say soon is still heard.
PEER_GRACE_S = 2.0
# Together they are what a hang may cost beyond its deadline: less than five seconds.
STACKS_DEADLINE_S = 1.5
LEAVE_DEADLINE_S = 2.0
KILL_DEADLINE_S = 1.0

# A log has no event for its growth, so it is looked at this often.
OUTPUT_INTERVAL_S = 0.25


@dataclass(frozen=True)
class Deadlines:
    """How long a cluster may take, in seconds."""

    start: float = 60.0
    """Until every worker has told the phase `joined`."""
    run: float = 60.0
    """From then until every worker has reported."""
    begin: str = ""
    """The phase from which the first of them counts, once any worker has told it; then the second
    counts from the start of the cluster. For programs that join when they please, or never."""


@dataclass(frozen=True)
class WorkerOrders:
    """What one worker of a cluster is to do."""

    orders: dict[str, Any]
    environment: dict[str, str | None] = field(default_factory=dict)
    address: str = ""
    """Where it gets a network of its own: see `PreloadedServer.new_address`."""
    source: WorkerSource | None = None
    """Where it comes from, if from somewhere else than the others."""


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
        server: where the workers come from.
        workers: in the order of their indices.
        folder: for logs, reports, stacks and the ledger.
        deadlines: after which the workers are stopped.
        fresh: new interpreters instead of forks.
        watch: runs beside the cluster and is cancelled at its end, to show what goes on. What it
            raises ends the cluster, and is raised.
        fault: what is done to one of the workers. Then the others are not ended when one has
            failed: what they do about it is what is to be seen. One that has failed by raising
            leaves at once, as a program does.
        output_limit: bytes that each worker may print; who prints more is ended.
    """
    began, kills = time.monotonic(), oom_kills()
    changed = asyncio.Event()
    beside = _Beside(changed)
    strike = Strike(fault) if fault else None
    with descriptors.raised(), _ledger(folder, began) as note:
        running = _start_all(server, workers, folder, changed, note, fresh=fresh, fault=fault)
        try:
            beside.start(_watch_output(running, folder, output_limit))
            if watch:
                beside.start(watch(running))
            if strike:
                beside.start(strike.carry_out(running[strike.fault.worker]))
                beside.start(_release_failed(running, changed))
            overdue = await _wait_for_reports(running, beside, deadlines, patient=bool(strike))
            if overdue:
                await _collect_stacks(running, folder)
            # What counts is how far they came by themselves: once the first ones leave, a worker
            # that waited for them may still raise and report.
            ends = _ends_of(running, folder, began, output_limit, stuck=bool(overdue))
            _let_leave(running)
        except BaseException:
            for worker in running:
                worker.kill()
            raise
        finally:
            await beside.stop()
            held = await _wait_until_all_ended(running)
    for end in ends:
        if exceeds(end.log, output_limit):
            shorten(end.log)
    struck = strike.at - began if strike and strike.at else None
    hint = held or _hint(ends, kills)
    return ClusterEnd(ends, overdue, time.monotonic() - began, hint, struck)


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
            told=functools.partial(note, index),
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
    """What runs beside a cluster: whatever of it raises ends the cluster."""

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


def _ends_of(
    workers: Sequence[WorkerProcess],
    folder: CaseFolder,
    began: float,
    limit: float,
    *,
    stuck: bool,
) -> tuple[WorkerEnd, ...]:
    return tuple(
        _end_of(worker, index, folder, began, limit, stuck=stuck)
        for index, worker in enumerate(workers)
    )


def _end_of(
    worker: WorkerProcess,
    index: int,
    folder: CaseFolder,
    began: float,
    limit: float,
    *,
    stuck: bool,
) -> WorkerEnd:
    log = folder.log(index)
    ended_for = worker.ended_for or (TOO_MUCH_OUTPUT if exceeds(log, limit) else "")
    return WorkerEnd(
        index,
        log,
        ledger=tuple(Told(told["phase"], told["at"] - began) for told in worker.phases),
        reported=worker.reported and not ended_for,
        status=worker.status,
        after=_last_sign(worker, began) - began,
        place=where_blocked(folder.stacks(index)) if stuck else NOWHERE,
        words=worker.words,
        ended_for=ended_for,
    )


def _last_sign(worker: WorkerProcess, began: float) -> float:
    if worker.ended_at is not None:
        return worker.ended_at
    return float(worker.phases[-1]["at"]) if worker.phases else began


@contextlib.contextmanager
def _ledger(folder: CaseFolder, began: float) -> Iterator[Callable[[int, dict[str, Any]], None]]:
    """Writes down each phase when it is told, so that the ledger is there whoever is killed."""
    file = None
    # A full disk shows itself where something is lost by it.
    with contextlib.suppress(OSError):
        # Unbuffered: what could not be written would be written, and raise, once more at the end.
        file = folder.ledger.open("wb", buffering=0)

    def note(worker: int, told: dict[str, Any]) -> None:
        line = {
            "worker": worker,
            "phase": told["phase"],
            "after": round(told["at"] - began, 4),
        }
        with contextlib.suppress(OSError):
            if file:
                file.write((json.dumps(line) + "\n").encode())

    try:
        yield note
    finally:
        with contextlib.suppress(OSError):
            if file:
                file.close()


async def _watch_output(workers: Sequence[WorkerProcess], folder: CaseFolder, limit: float) -> None:
    """End a worker that prints without end, before the disk is full."""
    while True:
        for index, worker in enumerate(workers):
            if exceeds(folder.log(index), limit):
                worker.end_for(TOO_MUCH_OUTPUT)
        await asyncio.sleep(OUTPUT_INTERVAL_S)


async def _release_failed(workers: Sequence[WorkerProcess], changed: asyncio.Event) -> None:
    """Let each worker that has raised leave at once, whatever becomes of its peers."""
    while True:
        for worker in workers:
            if worker.reported and worker.failed:
                worker.let_leave()
        changed.clear()
        await changed.wait()


async def _wait_for_reports(
    workers: Sequence[WorkerProcess], beside: _Beside, deadlines: Deadlines, *, patient: bool
) -> str:
    """Wait until all have reported or one has failed; the name of a deadline that passed.

    With `patient`, until each has reported or ended.
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
        if not await _until(joined, changed, min(deadlines.start, end - time.monotonic())):
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
        if all(map(is_whole, asked)):
            return
        # A signal has no answer to wait for: the file itself is the answer.
        await asyncio.sleep(0.01)


async def _wait_until_all_ended(workers: Sequence[WorkerProcess]) -> str:
    """Wait until no worker is left, and kill those that linger; who cannot even be killed."""
    leaving = [asyncio.ensure_future(worker.wait_until_ended()) for worker in workers]
    many = EACH_S * len(workers)
    await asyncio.wait(leaving, timeout=LEAVE_DEADLINE_S + many)
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
    """What may have killed a worker, where the kernel's counters say so."""
    if not any(end.was_killed for end in ends):
        return ""
    grown = [file for file, count in oom_kills().items() if count > before.get(file, count)]
    if not grown:
        return ""
    return f"the kernel's out-of-memory killer has just ended a process, says {grown[-1]}"
