"""Small attempts and outcomes for the tests to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from testbed.catalogue.fault import Fault
from testbed.chaos.outcome import outcome_of, undisturbed_of
from testbed.chaos.record import (
    CaseRecord,
    ChaosRecord,
    Outcome,
    Undisturbed,
)
from testbed.chaos.text import show_chaos
from testbed.cluster.cluster import Cluster
from testbed.launcher.cluster.cluster_end import ClusterEnd, PhaseReport, WorkerEnd
from testbed.report.records.header import Versions
from testbed.run.case import Attempt
from testbed.verdict.reading import Claim, ClaimReading, WorkerReport
from tests.unit.builders import MACHINE, raised_of, reading_of

TWO = Cluster(2, 1)
KILL = Fault("kill", 1, "step 3")
STRUCK = 1.0
STEPS = 6

SIGKILL = 9
SIGTERM = 15
LEFT = 42 << 8
"""How a worker ended, as waitpid tells it: killed, terminated, and by exit code 42."""


def told(*phases: str, last: float = 2.0) -> tuple[PhaseReport, ...]:
    """A ledger whose phases come in turn, the last one after so many seconds."""
    names = ("forked", "joined", *phases)
    return tuple(PhaseReport(name, last * (at + 1) / len(names)) for at, name in enumerate(names))


def steps(first: int = 1, last: int = STEPS) -> list[str]:
    return [f"step {number}" for number in range(first, last + 1)]


def finished(worker: int, at: float = 2.0, phases: Sequence[str] = ()) -> WorkerEnd:
    ledger = told(*(phases or steps()), "claiming", "reported", last=at)
    return WorkerEnd(worker, Path("log"), ledger, reported=True, after=at)


def stopped(worker: int, at: float, status: int | None, phase: str = "step 3") -> WorkerEnd:
    """Who ended without a report; with the status None, who hangs."""
    number = int(phase.partition(" ")[2] or 0)
    return WorkerEnd(worker, Path("log"), told(*steps(1, number)), status=status, after=at)


def raising(worker: int, at: float) -> tuple[WorkerEnd, WorkerReport]:
    end = WorkerEnd(
        worker, Path("log"), told(*steps(1, 3), "reported", last=at), reported=True, after=at
    )
    problem = replace(raised_of("a peer is gone", "UnavailableError"), where="mine.py:7 in step")
    return end, WorkerReport(worker, ("CPU:0",), raised=problem)


def counted(worker: int, value: float = 6.0) -> WorkerReport:
    """A worker that counted so many steps, where six are claimed."""
    return WorkerReport(worker, ("CPU:0",), (ClaimReading(Claim(value=6.0), reading_of(value)),))


def attempt(
    *ends: WorkerEnd | tuple[WorkerEnd, WorkerReport],
    fault: Fault | None = None,
    struck: float | None = None,
    missed_deadline: str = "",
    value: float = 6.0,
    **more: Any,
) -> Attempt:
    """A cluster that ended so; who finished counted to the value."""
    workers = tuple(end[0] if isinstance(end, tuple) else end for end in ends)
    reports = tuple(
        end[1] if isinstance(end, tuple) else counted(end.worker, value)
        for end in ends
        if isinstance(end, tuple) or end.reported
    )
    cluster = ClusterEnd(workers, missed_deadline, 3.0, injected_at=struck)
    return Attempt(cluster, reports, fault=fault, **more)


def whole(value: float = 6.0, **more: Any) -> Attempt:
    """Two workers that came to their end after two seconds."""
    return attempt(finished(0), finished(1), value=value, **more)


def undisturbed(value: float = 6.0) -> Undisturbed:
    return undisturbed_of(whole(value), TWO)


def came_of(*attempts: Attempt, baseline: Undisturbed | None = None) -> Outcome:
    return outcome_of(1, attempts, baseline or undisturbed(), TWO, replay="testbed chaos x")


def killed(at: float = 10.5, fault: Fault = KILL) -> Attempt:
    """Worker 1 was killed, and worker 0 raised."""
    return attempt(
        raising(0, at), stopped(1, STRUCK, SIGKILL), fault=fault, struck=STRUCK, missed_deadline=""
    )


def of_every_result() -> list[Outcome]:
    """One outcome of each result, and undisturbed repetitions of both ends."""
    lost = attempt(
        stopped(0, 2.0, None),
        stopped(1, 1.0, SIGKILL),
        fault=KILL,
        struck=STRUCK,
        missed_deadline="run",
    )
    broken = attempt(finished(0), raising(1, 2.0))
    found = [
        came_of(killed(), whole()),
        came_of(killed(), whole(8.0)),
        came_of(lost),
        came_of(whole(fault=KILL)),
        came_of(whole()),
        came_of(broken),
    ]
    return [replace(each, number=at + 1, logs=f"cases/x-{at}") for at, each in enumerate(found)]


def record_of(*outcomes: Outcome, **changes: Any) -> ChaosRecord:
    """A record of one case, to which these were done."""
    made = ChaosRecord(
        run="20260102-030405-abcd",
        began="2026-01-02T03:04:05+00:00",
        seconds=12.5,
        command=("chaos", "counters"),
        seed=7,
        restarts=1,
        isolated=True,
        versions=Versions("0.1.0", "3.11.7", "2.21.0", None),
        machine=MACHINE,
        cases=(CaseRecord("counters.counter[in_scope,function]@x-2x1", undisturbed(), outcomes),),
    )
    return replace(made, **changes)


def text_of(record: ChaosRecord) -> str:
    console = Console(width=300, file=io.StringIO(), record=True)
    show_chaos(record, console)
    return console.export_text()
