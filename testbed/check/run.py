"""Runs the user's program, watches it and judges it: the whole check on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from testbed.check.finding import Finding
from testbed.check.judge import incomplete, judge
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.check.seen import SourceLine, WorkerObservations
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.decoding import decoded
from testbed.launcher.cluster.cluster_end import ClusterEnd, LeftBehind, WorkerEnd
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import CaseFolder
from testbed.run.own_code import OwnCodeCluster as Bench
from testbed.run.program import Program, ProgramEnd, program_end
from testbed.verdict.program_notes import joinings

MODULE = "testbed.worker.user_code.checked"
ENTRY = f"{MODULE}:run_checked"
UNREPLICATED = "testbed.worker.user_code.unreplicated:run_unreplicated"

EXPLAINING = ("TB110", "TB303", "TB304", "TB501")
"""The codes of findings that explain why a program raised."""

ALONE = Deployment("mirrored", Cluster(1, 1))


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    program: ProgramEnd
    findings: tuple[Finding, ...]
    watching: float
    """Seconds that watching took in worker 0."""
    prevented: bool = False
    """Whether the testbed ended the program before it could judge anything."""
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""


async def check_program(bench: Bench, program: Program, deadlines: Deadlines) -> Checked:
    """Run a program in every worker of the bench, watch it, and judge the observations.

    A program that raises or hangs without an explaining finding runs once more, without
    replication: if it finishes there, replication causes the failure. The same holds for a program
    that finds no gradients.
    """
    end = await bench.run(ENTRY, program.orders, deadlines)
    reports = [
        _report(bench.folder, worker.worker) if worker.reported else {} for worker in end.workers
    ]
    seen = [decoded(WorkerObservations, report["seen"]) for report in reports if report]
    left = _left_cluster(end)
    # Workers that are not connected form no cluster, so their values are not compared.
    alike = seen[:1] if left else seen
    found = [*left, *_hang(end, reports), *(judge(alike) if alike else ())]
    doubts = Doubts() if _left_behind(end, reports) else _doubts(seen, found)
    if not found and _hangs(end, reports):
        first = end.workers[0]
        where = first.place.at or "an unknown line"
        doubts = Doubts(hang=f"worker {first.worker} stays at {where}", place=_place_of(first))
        # A program that takes as long without replication may only be slow.
        deadlines = replace(deadlines, run=deadlines.run / 4)
    if doubts != Doubts():
        alone = await _unreplicated(bench, program, deadlines)
        found += unlike(doubts, alone) if alone else ()
    watching = float(reports[0].get("watching", 0)) if reports[0] else 0.0
    prevented = any(worker.ended_for for worker in end.workers)
    failures = incomplete(seen)
    return Checked(_program_end(end, reports), tuple(found), watching, prevented, failures)


def _program_end(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> ProgramEnd:
    """How the program ended: successfully only if every worker reported its observations."""
    program = program_end(end, reports)
    unseen = next((worker for worker in end.workers if worker.done and not worker.reported), None)
    if program.cause or unseen is None:
        return program
    cause = (
        f"worker {unseen.worker} ended without a report, by os._exit or exec: what it did was not"
        " seen; end it by sys.exit, or check what it starts"
    )
    return replace(program, code=1, cause=cause)


def _doubts(seen: Sequence[WorkerObservations], found: Sequence[Finding]) -> Doubts:
    raised = next((each.raised for each in seen if each.raised), None)
    explained = any(finding.code in EXPLAINING for finding in found)
    return Doubts(None if explained else raised, seen[0].no_gradients if seen else ())


async def _unreplicated(
    bench: Bench, program: Program, deadlines: Deadlines
) -> WorkerObservations | None:
    """Observe the program with the default strategy in place of its own; None where it fails."""
    folder = bench.folder.restart(1)
    alone = replace(bench, deployment=ALONE, folder=folder, output=None)
    end = await alone.run(UNREPLICATED, program.orders, deadlines)
    reports = [_report(folder, each.worker) if each.reported else {} for each in end.workers]
    if program_end(end, reports).code:
        return None
    return decoded(WorkerObservations, reports[0]["seen"])


def _report(folder: CaseFolder, worker: int) -> dict[str, Any]:
    """The report of a worker; empty where the program has damaged the file."""
    try:
        return dict(read_report(folder, worker))
    except (UnreadableReportError, TypeError, ValueError):
        return {}


def _left_cluster(end: ClusterEnd) -> list[Finding]:
    """Report workers that are clusters of one because the program changed their TF_CONFIG."""
    joined = joinings(worker.notes for worker in end.workers)
    alone = {number: each for number, each in joined.items() if each.is_alone}
    if not alone or any(worker.ended_for for worker in end.workers):
        return []
    line = alone[min(alone)].line
    numbers = ", ".join(map(str, sorted(alone)))
    evidence = (
        f"{len(end.workers)} workers are started as one cluster; worker{'s' * (len(alone) > 1)}"
        f" {numbers} made MultiWorkerMirroredStrategy without the others"
    )
    return [Finding("TB405", SourceLine(line.file, line.line) if line.line else None, evidence)]


def _hang(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> list[Finding]:
    """Report where workers wait that never finish, or that finish only because a peer was gone."""
    if left := _left_behind(end, reports):
        place = SourceLine(left.place.file, left.place.line) if left.place.file else None
        return [Finding("TB401", place, left.sentence)]
    waiting = [worker for worker in end.workers if worker.place.in_tensorflow]
    if not waiting or not _hangs(end, reports):
        return []
    return [Finding("TB401", _place_of(waiting[0]), end.hang)]


def _left_behind(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> LeftBehind | None:
    """Workers that waited for ended peers in vain, and failed when those peers were gone."""
    failed = any(report.get("raised") for report in reports)
    return end.left_behind if failed or end.missed_deadline else None


def _hangs(end: ClusterEnd, reports: Sequence[dict[str, Any]]) -> bool:
    failed = any(worker.complaint for worker in end.workers)
    return (
        bool(end.missed_deadline)
        and not failed
        and not any(report.get("code") for report in reports)
    )


def _place_of(worker: WorkerEnd) -> SourceLine | None:
    return SourceLine(worker.place.file, worker.place.line) if worker.place.file else None
