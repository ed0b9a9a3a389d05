"""Runs one case: its clusters, from their ports to the verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case, Scenario
from testbed.catalogue.selection import Selection
from testbed.cluster.devices import Devices
from testbed.cluster.isolation_levels import AUTO
from testbed.decoding import InvalidDataError, decoded
from testbed.hosts.rank import Rank
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report, unreadable
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.run_folder import CaseFolder, RunFolder, write_bytes
from testbed.launcher.server.source import WorkerServer
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.report.output.observer import Observer
from testbed.run.entry import run_entry
from testbed.verdict.diagnosis import Diagnosis, diagnose
from testbed.verdict.reading import Raised, WorkerReport
from testbed.verdict.verdict import Verdict, failed, judge

WORKER_MODULE = "testbed.worker.main"
RUN_CASE = f"{WORKER_MODULE}:run_case"

LEDGER_LENGTH = 50


@dataclass(frozen=True)
class Options:
    """How to run, as the command line decides it."""

    device: str = "cpu"
    python: str = sys.executable
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    fresh: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    isolation: str = AUTO
    """`auto`, `required` or `none`: see `testbed.launcher.isolation.isolation`."""
    rank: Rank | None = None
    """The rank of this process among those of an engine; None on one machine."""
    patience: Patience = field(default_factory=Patience)
    """Timeouts for workers of a user's program that make no progress."""


def lacking_for(fault: Fault | None, isolation: Isolation) -> str:
    """The reason why a fault cannot be injected on this machine; empty where it can."""
    if fault and fault.about.needs_own_network and not isolation.network:
        return f"no worker can be cut off without a network namespace ({isolation.why})"
    return ""


def keep_scripts(selection: Selection, folder: RunFolder) -> None:
    """Copy the scripts of a run into its folder, as they were read.

    Workers run the copy, so an edit of the script during the run changes nothing.

    Raises:
        OSError: a copy cannot be written; the error names its file.
    """
    selected = [selection.script(case) for case in selection.cases]
    for script in dict.fromkeys(selected or selection.scripts):
        copy = folder.script(script.name)
        copy.parent.mkdir(exist_ok=True)
        write_bytes(copy, script.source.data)


@dataclass(frozen=True)
class Attempt:
    """One attempt of a case: the end of its cluster, and the reports of its workers."""

    end: ClusterEnd
    reports: tuple[WorkerReport, ...] = ()
    unreadable: str = ""
    fault: Fault | None = None

    @property
    def finished(self) -> bool:
        """Whether every worker has finished without an exception."""
        raised = any(report.raised for report in self.reports)
        return not (self.end.cause or self.unreadable or raised)

    @property
    def died(self) -> list[WorkerEnd]:
        """The workers that ended without a report, except the one that got the fault."""
        victim = self.fault.worker if self.fault else None
        return [end for end in self.end.guilty if end.complaint and end.worker != victim]

    @property
    def first_failed(self) -> WorkerEnd | None:
        """The worker that failed first, by its end or by an exception."""
        raised = {report.worker for report in self.reports if report.raised}
        return first_failed(self.died, [end for end in self.end.workers if end.worker in raised])


@dataclass(frozen=True)
class CaseRun:
    """Everything that the run of one case needs."""

    server: WorkerServer
    devices: Devices
    options: Options
    folder: CaseFolder
    observer: Observer
    whole: RunFolder
    """The run folder, which holds the scripts: see `keep_scripts`."""

    async def judge(self, case: Case, selection: Selection) -> Verdict:
        """Run a case on its cluster, and judge the reports of its workers."""
        made = selection.scenario(case)
        attempts = await self.attempts(case, selection, made.fault, made.restarts)
        return self._verdict(case, selection, attempts)

    async def attempts(
        self, case: Case, selection: Selection, fault: Fault | None, restarts: int
    ) -> list[Attempt]:
        """Run a case, and restart it without the fault until it finishes or may not restart.

        A restart starts all workers, on new ports: in TensorFlow no worker can rejoin alone.
        """
        end = await self.run(case, selection, fault=fault)
        attempts = [_attempt(self.folder, end, fault)]
        while not attempts[-1].finished and len(attempts) <= restarts:
            again = replace(self, folder=self.folder.restart(len(attempts)))
            shared = str(self.folder.shared)
            end = await again.run(case, selection, folder=shared)
            attempts.append(_attempt(again.folder, end))
        return attempts

    async def run(
        self,
        case: Case,
        selection: Selection,
        entry: str = RUN_CASE,
        *,
        fault: Fault | None = None,
        **more: Any,
    ) -> ClusterEnd:
        """Run a case on its cluster, through an entry of the worker.

        `fault` is injected into one of the workers; `more` are further orders.
        """
        made = selection.scenario(case)
        orders = {
            "folder": str(self.folder.shared),
            "script": str(selection.script(case).path),
            "source": str(self.whole.script(case.script)),
            "declared": {each.name: each.ways for each in selection.script(case).scenarios},
            "scenario": case.scenario,
            "site": case.site,
            "mode": case.mode,
            **more,
        }

        async def watch(running: Sequence[WorkerProcess]) -> None:
            logs = [self.folder.log(number) for number in range(len(running))]
            await self.observer.watch(case, running, logs)

        return await run_entry(
            self.server,
            entry,
            orders,
            case.deployment,
            self.folder,
            self._deadlines(made),
            devices=self.devices,
            fresh=self.options.fresh or made.fresh,
            watch=watch,
            fault=fault,
        )

    def _deadlines(self, made: Scenario) -> Deadlines:
        """The deadlines of the command, or the timeout of the scenario where it is shorter."""
        given = self.options.deadlines
        own = made.timeout or given.run
        # Workers that wait for a worker that never starts do not join.
        start = min(given.start, own) if made.fault else given.start
        return Deadlines(start, min(given.run, own))

    def _verdict(self, case: Case, selection: Selection, attempts: Sequence[Attempt]) -> Verdict:
        expected = selection.scenario(case).expects(case)
        last = attempts[-1]
        end, reports = last.end, last.reports
        seen = {
            "seconds": sum(attempt.end.seconds for attempt in attempts),
            "reports": reports,
            "logs": tuple(str(worker.log) for worker in end.workers),
        }
        stopped = {**seen, "ledger": _ledger(end)}
        raised = [report.raised for report in reports if report.raised]
        broken = [problem for problem in raised if problem.origin != "tensorflow"]
        if last.unreadable:
            return failed(case, expected, last.unreadable, **stopped)
        if broken:
            return failed(case, expected, f"in the {broken[0].origin}: {broken[0]}", **seen)
        if self.server.isolation.network and any(map(_sought_network, raised)):
            return failed(
                case, expected, f"{raised[0]}; a run has no network but its own: --isolation none"
            )
        if last.died and last.first_failed in last.died:
            return failed(case, expected, end.cause, **stopped)
        if not raised and end.missed_deadline == "start" and not last.fault:
            return failed(case, expected, end.cause, **stopped)
        if not raised and end.missed_deadline:
            return judge(case, expected, Diagnosis("hang", end.hang), **stopped)
        return judge(case, expected, diagnose(reports, case.deployment.in_sync), **seen)


def _sought_network(problem: Raised) -> bool:
    """Whether a worker looked up the name of another host, as for a download."""
    return "socket.gaierror" in problem.traceback


def _ledger(end: ClusterEnd) -> tuple[tuple[tuple[str, float], ...], ...]:
    """The last phases of each worker, with the seconds after the start of its cluster."""
    return tuple(
        tuple((each.phase, round(each.after, 3)) for each in worker.ledger[-LEDGER_LENGTH:])
        for worker in end.workers
    )


def _attempt(folder: CaseFolder, end: ClusterEnd, fault: Fault | None = None) -> Attempt:
    try:
        reports = [_read_report(folder, each.worker) for each in end.workers if each.reported]
    except UnreadableReportError as problem:
        return Attempt(end, unreadable=str(problem), fault=fault)
    return Attempt(end, tuple(reports), fault=fault)


def _read_report(folder: CaseFolder, worker: int) -> WorkerReport:
    """The report of a worker.

    Raises:
        UnreadableReportError: the file is missing, too long, or not a report.
    """
    found = read_report(folder, worker)
    try:
        return decoded(WorkerReport, found)
    except InvalidDataError as problem:
        raise unreadable(folder, worker, problem) from problem
