"""Runs the user's program, watches it and judges it: the whole check on one screen."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from testbed.check.deployment import OF_DEFAULT, Used, used
from testbed.check.finding import ERROR, Finding
from testbed.check.judge import causes, incomplete, judge
from testbed.check.observations.seen import SourceLine, WorkerObservations
from testbed.check.parity.comparison import Parity, compare
from testbed.check.parity.pairing import Side
from testbed.check.rules.refusals import is_consequence
from testbed.check.rules.together import met_another
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.launcher.cluster.cluster_end import ClusterEnd, LeftBehind, WorkerEnd
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.own_code import (
    RUN_CHECKED,
    RUN_UNREPLICATED,
    CheckedReport,
    Program,
    ProgramOrders,
    UnreplicatedOrders,
)
from testbed.run.user_code.cluster_choice import ALL_RUN
from testbed.run.user_code.own_code import OwnCodeCluster as Bench
from testbed.run.user_code.program import ProgramEnd, program_end
from testbed.verdict.program_notes import joinings

EXPLAINING = ("TB110", "TB303", "TB304", "TB402", "TB405", "TB501", "TB801", "TB802")
"""The codes of findings that explain why a program raised."""

_SECOND_RUN = 20.0
"""Seconds that the run with one replica may take beyond those of the first run."""

Reports = Sequence[CheckedReport | None]


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
    where: str = ""
    """The deployments whose strategies the program used, like `mirrored-2`; empty if none."""
    unchecked: str = ""
    """Why nothing was checked, and what to do; empty where the program failed or was checked."""
    compared: str = ""
    """What was compared with one replica, or why nothing was; empty if nobody asked for it."""


async def check_program(
    bench: Bench, program: Program, deadlines: Deadlines, *, parity: bool = True
) -> Checked:
    """Run a program in every worker of the bench, watch it, and judge the observations.

    A program that raises or hangs without an explaining finding runs once more, with one replica:
    if it finishes there, replication causes the failure. The same holds for a program that finds no
    gradients. What fails with one replica, too, runs with the default strategy: if it finishes
    there, its strategy causes the failure.

    Args:
        bench: the cluster that runs the program.
        program: the program.
        deadlines: of each run.
        parity: whether to compare the first steps with those of a run with one replica.
    """
    bench = replace(bench, seed=1 + secrets.randbelow(2**31)) if parity else bench
    end = await bench.run(RUN_CHECKED, lambda setup: ProgramOrders(setup, program), deadlines)
    lost: list[str] = []
    reports = [_report(bench.folder, worker, lost.append) for worker in end.workers]
    seen = [report.seen for report in reports if report]
    left = _left_cluster(end)
    strategies = used(bench.deployment, [worker.notes for worker in end.workers], seen)
    # Workers that are not connected form no cluster, so their values are not compared.
    alike = seen[:1] if left or not strategies.connects else seen
    found = [*left, *_hang(end, reports), *_met_another(end, seen)]
    found = causes([*found, *(judge(alike) if alike else ())])
    doubts = _doubts(end, reports, seen, found)
    if doubts != Doubts():
        # A program that takes as long without replication may only be slow.
        limits = replace(deadlines, run=deadlines.run / 4) if doubts.hang else deadlines
        found += await _unlike_unreplicated(bench, program, limits, strategies, doubts)
    watching = reports[0].watching if reports[0] else 0.0
    prevented = any(worker.ended_for for worker in end.workers)
    failures = (*incomplete(seen), *lost)
    ended = _program_end(end, reports)
    unchecked = "" if ended.code or found else strategies.unchecked
    compared = Parity()
    if parity and not (ended.code or unchecked or any(each.is_mistake for each in found)):
        compared = await _parity(bench, program, deadlines, strategies, ended, reports)
    return Checked(
        ended,
        tuple(causes([*found, *compared.findings])),
        watching,
        prevented,
        failures,
        strategies.where,
        unchecked,
        compared.sentence,
    )


async def _parity(
    bench: Bench,
    program: Program,
    deadlines: Deadlines,
    strategies: Used,
    ended: ProgramEnd,
    reports: Reports,
) -> Parity:
    """Compare the first steps with those of a second run, with one replica."""
    many = _side(reports)
    if many is None or many.replicas < 2:
        return Parity()
    # The first steps of one replica take about as long as those of several.
    limits = replace(deadlines, run=min(deadlines.run, _SECOND_RUN + ended.seconds))
    bench = replace(bench, output=None, choice=ALL_RUN)
    alone = replace(bench, deployment=strategies.of_one, folder=bench.folder.restart(1))
    one = await _first_steps(alone, program, limits)
    if one is None:
        return Parity(sentence="not compared with one replica: there it does not get so far")
    found = compare(many, one)
    if not found.unlike_data or len(strategies.deployments) > 1:
        return found
    several = replace(bench, deployment=strategies.deployments[0], folder=bench.folder.restart(2))
    copied = await _first_steps(several, program, limits, copies=True)
    again = compare(copied, one) if copied else Parity(unlike_data=True)
    return found if again.unlike_data else again


async def _first_steps(
    bench: Bench, program: Program, deadlines: Deadlines, *, copies: bool = False
) -> Side | None:
    """Run a program until its first steps are over; None where it does not get so far."""
    end = await bench.run(
        RUN_UNREPLICATED,
        lambda setup: UnreplicatedOrders(setup, program, first_steps=True, copies=copies),
        deadlines,
    )
    side = _side([_report(bench.folder, worker, _ignore) for worker in end.workers])
    return replace(side, copies=copies) if side else None


def _side(reports: Reports) -> Side | None:
    """All that a run shows of its first steps; None if a worker did not report it."""
    known = [report for report in reports if report and report.first]
    if len(known) < len(reports):
        return None
    return Side([each.seen for each in known], [each.first for each in known if each.first])


def _program_end(end: ClusterEnd, reports: Reports) -> ProgramEnd:
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


def _doubts(
    end: ClusterEnd,
    reports: Reports,
    seen: Sequence[WorkerObservations],
    found: Sequence[Finding],
) -> Doubts:
    """The failures that a run without replication may explain; none if the findings do."""
    if not found and _hangs(end, reports):
        first = end.workers[0]
        where = first.place.at or "an unknown line"
        return Doubts(hang=f"worker {first.worker} stays at {where}", place=_place_of(first))
    if _left_behind(end, reports):
        return Doubts()
    # Another worker's failure may have led to an error, which then says less.
    raised = min((each.raised for each in seen if each.raised), key=is_consequence, default=None)
    explained = any(each.code in EXPLAINING and each.about.level == ERROR for each in found)
    no_gradients = seen[0].no_gradients if seen else ()
    if raised is None or explained:
        return Doubts(None, no_gradients)
    files = next(each.files for each in seen if each.raised is raised)
    return Doubts(raised, no_gradients, files=files)


async def _unlike_unreplicated(
    bench: Bench, program: Program, deadlines: Deadlines, strategies: Used, doubts: Doubts
) -> list[Finding]:
    """Report failures that do not occur with one replica, or else with the default strategy."""
    # What the program states itself does not come from a strategy.
    stated = doubts.raised is not None and doubts.raised.stated
    places = [(strategies.of_one, False), (OF_DEFAULT, True)]
    for attempt, (deployment, default) in enumerate(places[: 1 if stated else 2], 1):
        alone = replace(
            bench,
            deployment=deployment,
            folder=bench.folder.restart(attempt),
            output=None,
            choice=ALL_RUN,
        )
        seen = await _unreplicated(alone, program, deadlines, default=default)
        if seen and (found := list(unlike(doubts, seen))):
            return found
    return []


async def _unreplicated(
    alone: Bench, program: Program, deadlines: Deadlines, *, default: bool
) -> WorkerObservations | None:
    """Observe the program with a single replica; None where it fails. For `default` see orders."""
    end = await alone.run(
        RUN_UNREPLICATED, lambda setup: UnreplicatedOrders(setup, program, default), deadlines
    )
    reports = [_report(alone.folder, worker, _ignore) for worker in end.workers]
    if program_end(end, reports).code or reports[0] is None:
        return None
    return reports[0].seen


def _report(
    folder: CaseFolder, worker: WorkerEnd, lose: Callable[[str], None]
) -> CheckedReport | None:
    """The report of a worker; None without one, or where it cannot be read.

    Args:
        folder: of the program.
        worker: how the worker ended.
        lose: gets a sentence about a report that cannot be read, so that no loss is silent.
    """
    if not worker.reported:
        return None
    try:
        return read_typed_report(folder, worker.worker, CheckedReport)
    except UnreadableReportError as problem:
        lose(f"watching failed: {problem}; findings may be missing")
        return None


def _ignore(_: str) -> None:
    """Without replication an unreadable report only means that nothing is known."""


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


def _hang(end: ClusterEnd, reports: Reports) -> list[Finding]:
    """Report where workers wait that never finish, or that finish only because a peer was gone."""
    if left := _left_behind(end, reports):
        place = SourceLine(left.place.file, left.place.line) if left.place.file else None
        return [Finding("TB401", place, left.sentence)]
    waiting = [worker for worker in end.workers if worker.place.in_tensorflow]
    if not waiting or not _hangs(end, reports):
        return []
    return [Finding("TB401", _place_of(waiting[0]), end.hang)]


def _met_another(end: ClusterEnd, seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Report a collective in which a worker waits after another worker has failed."""
    waiting = [each for each in end.workers if not each.reported and each.place.in_tensorflow]
    if waiting and (place := _place_of(waiting[0])):
        yield from met_another(seen, waiting[0].worker, place)


def _left_behind(end: ClusterEnd, reports: Reports) -> LeftBehind | None:
    """Workers that waited for ended peers in vain, and failed when those peers were gone."""
    failed = any(report and report.raised for report in reports)
    return end.left_behind if failed or end.missed_deadline else None


def _hangs(end: ClusterEnd, reports: Reports) -> bool:
    failed = any(worker.complaint for worker in end.workers)
    return (
        bool(end.missed_deadline)
        and not failed
        and not any(report and report.code for report in reports)
    )


def _place_of(worker: WorkerEnd) -> SourceLine | None:
    return SourceLine(worker.place.file, worker.place.line) if worker.place.file else None
