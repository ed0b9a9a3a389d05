"""Runs somebody's own program and watches it: the whole check on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from testbed.check.finding import Finding
from testbed.check.judge import judge
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.check.seen import Place, Seen
from testbed.cluster import Cluster
from testbed.launcher.cluster_end import ClusterEnd, WorkerEnd
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder
from testbed.own_code_run import Place as Bench
from testbed.program_run import Program, ProgramEnd, program_end
from testbed.strategies import Deployment

MODULE = "testbed.worker.checked"
ENTRY = f"{MODULE}:run_checked"
UNREPLICATED = "testbed.worker.unreplicated:run_unreplicated"

EXPLAINING = ("TB303", "TB304", "TB501")
"""The findings that say why a program raised."""

ALONE = Deployment("mirrored", Cluster(1, 1))


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    program: ProgramEnd
    findings: tuple[Finding, ...]
    watching: float
    """Seconds of worker 0's time that watching took."""


async def check_program(bench: Bench, program: Program, deadlines: Deadlines) -> Checked:
    """Run a program in every worker of the bench, watched, and judge what was seen.

    What raises or hangs, and nothing that was seen explains it, is run once more, without
    replication: whether it comes to its end there tells whose mistake it is. So is what finds no
    gradients.
    """
    end = await bench.run(ENTRY, program.orders, deadlines)
    reports = [
        _report(bench.folder, worker.worker) if worker.reported else {} for worker in end.workers
    ]
    seen = [Seen.from_json(report["seen"]) for report in reports if report]
    found = [*_hang(end, reports), *(judge(seen) if seen else ())]
    doubts = _doubts(seen, found)
    if not found and _hangs(end, reports):
        first = end.workers[0]
        where = first.place.at or "no line of its own"
        doubts = Doubts(hang=f"worker {first.worker} stays at {where}", place=_place_of(first))
        # What took as long without replication may only be slow.
        deadlines = replace(deadlines, run=deadlines.run / 4)
    if doubts != Doubts():
        alone = await _unreplicated(bench, program, deadlines)
        found += unlike(doubts, alone) if alone else ()
    watching = float(reports[0].get("watching", 0)) if reports[0] else 0.0
    return Checked(program_end(end, reports), tuple(found), watching)


def _doubts(seen: Sequence[Seen], found: Sequence[Finding]) -> Doubts:
    raised = next((each.raised for each in seen if each.raised), None)
    explained = any(finding.code in EXPLAINING for finding in found)
    return Doubts(None if explained else raised, seen[0].no_gradients if seen else ())


async def _unreplicated(bench: Bench, program: Program, deadlines: Deadlines) -> Seen | None:
    """What is seen of the program where its strategies are the default one, if it ends well."""
    folder = bench.folder.restart(1)
    alone = replace(bench, deployment=ALONE, folder=folder, output=None)
    end = await alone.run(UNREPLICATED, program.orders, deadlines)
    reports = [_report(folder, each.worker) if each.reported else {} for each in end.workers]
    if program_end(end, reports).code:
        return None
    return Seen.from_json(reports[0]["seen"])


def _report(folder: CaseFolder, worker: int) -> dict[str, Any]:
    """What a worker reported; nothing where its program has damaged that."""
    try:
        return dict(read_report(folder, worker))
    except (UnreadableReportError, TypeError, ValueError):
        return {}


def _hang(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> list[Finding]:
    """Where the workers wait that never came to their end."""
    waiting = [worker for worker in end.workers if worker.place.in_tensorflow]
    if not waiting or not _hangs(end, reports):
        return []
    return [Finding("TB401", _place_of(waiting[0]), end.hang)]


def _hangs(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> bool:
    failed = any(worker.complaint for worker in end.workers)
    return bool(end.overdue) and not failed and not any(report.get("code") for report in reports)


def _place_of(worker: WorkerEnd) -> Place | None:
    return Place(worker.place.file, worker.place.line) if worker.place.file else None
