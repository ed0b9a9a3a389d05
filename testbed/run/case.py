"""One case: its clusters, from their ports to its verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from testbed.catalogue.fault import NEED_OWN_NETWORK, Fault
from testbed.catalogue.scenario import Case, Scenario
from testbed.catalogue.selection import Selection
from testbed.cluster.devices import Devices
from testbed.hosts.rank import Rank
from testbed.launcher.cluster.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report, unreadable
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.isolation.isolation import AUTO, Isolation
from testbed.launcher.run_folder import CaseFolder, RunFolder, write_bytes
from testbed.launcher.server.source import WorkerServer
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.run.entry import run_entry
from testbed.verdict.diagnosis import Diagnosis, diagnose
from testbed.verdict.reading import Raised, WorkerReport
from testbed.verdict.verdict import Verdict, failed, judge

WORKER_MODULE = "testbed.worker.main"
RUN_CASE = f"{WORKER_MODULE}:run_case"

LEDGER_LENGTH = 50


@dataclass(frozen=True)
class Options:
    """How to run: what the command line decides."""

    device: str = "cpu"
    python: str = sys.executable
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    fresh: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    isolation: str = AUTO
    """See `testbed.launcher.isolation.isolation`."""
    rank: Rank | None = None
    """Of this process among those that an engine has started; None on one machine."""
    patience: Patience = field(default_factory=Patience)
    """With the user's own program, where workers stand still."""


class Observer(Protocol):
    """Is told what goes on, to show it."""

    def opened(self, isolation: Isolation) -> None:
        """The server of the run is ready, and has this of its own."""

    def started(self, case: Case) -> None:
        """The workers of a case are being started."""

    def judged(self, verdict: Verdict) -> None:
        """A case has its verdict."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """Runs beside a case and is cancelled when it ends."""


class Quiet:
    """An observer that shows nothing, and a base for those that show something else."""

    def opened(self, isolation: Isolation) -> None:
        """See `Observer`."""

    def started(self, case: Case) -> None:
        """See `Observer`."""

    def judged(self, verdict: Verdict) -> None:
        """See `Observer`."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """See `Observer`."""


def lacking_for(fault: Fault | None, isolation: Isolation) -> str:
    """Why a fault cannot be done on this machine, or nothing."""
    if fault and fault.kind in NEED_OWN_NETWORK and not isolation.network:
        return f"no worker can be cut off without a network namespace ({isolation.why})"
    return ""


def keep_scripts(selection: Selection, folder: RunFolder) -> None:
    """Copy the scripts of a run into its folder, as they were read.

    That copy is what workers run: an edit of the script while the run goes on changes nothing.

    Raises:
        OSError: a copy cannot be written; names its file.
    """
    selected = [selection.script(case) for case in selection.cases]
    for script in dict.fromkeys(selected or selection.scripts):
        copy = folder.script(script.name)
        copy.parent.mkdir(exist_ok=True)
        write_bytes(copy, script.source.data)


@dataclass(frozen=True)
class Attempt:
    """One cluster of a case, with what its workers reported."""

    end: ClusterEnd
    reports: tuple[WorkerReport, ...] = ()
    unreadable: str = ""
    fault: Fault | None = None

    @property
    def finished(self) -> bool:
        """Whether every worker has come to its end."""
        raised = any(report.raised for report in self.reports)
        return not (self.end.cause or self.unreadable or raised)

    @property
    def died(self) -> list[WorkerEnd]:
        """The workers that ended without a report, but for the one to which that was done."""
        victim = self.fault.worker if self.fault else None
        return [end for end in self.end.guilty if end.complaint and end.worker != victim]

    @property
    def first_failed(self) -> WorkerEnd | None:
        """The worker that failed first, by its end or by what it raised."""
        raised = {report.worker for report in self.reports if report.raised}
        return first_failed(self.died, [end for end in self.end.workers if end.worker in raised])


@dataclass(frozen=True)
class CaseRun:
    """What one case is run with."""

    server: WorkerServer
    devices: Devices
    options: Options
    folder: CaseFolder
    observer: Observer
    whole: RunFolder
    """The folder of the run, in which the scripts are: see `keep_scripts`."""

    async def judge(self, case: Case, selection: Selection) -> Verdict:
        """Run a case on its own cluster and judge what its workers report."""
        made = selection.scenario(case)
        attempts = await self.attempts(case, selection, made.fault, made.restarts)
        return self._verdict(case, selection, attempts)

    async def attempts(
        self, case: Case, selection: Selection, fault: Fault | None, restarts: int
    ) -> list[Attempt]:
        """Run a case, and again, without the fault, as long as it did not finish and may restart.

        A restart is of all workers, on new ports: TensorFlow lets none of them join again alone.
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
        """Run a case on its own cluster, through an entry of the worker.

        `fault` is done to one of the workers; `more` are further orders.
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
        """The command's deadlines, or the scenario's own where that is the shorter one."""
        given = self.options.deadlines
        own = made.timeout or given.run
        # Who waits for a worker that never starts does not even join.
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
    """Whether a worker asked for another host by its name, as to download something."""
    return "socket.gaierror" in problem.traceback


def _ledger(end: ClusterEnd) -> tuple[tuple[tuple[str, float], ...], ...]:
    """What each worker told last, with the seconds after the start of its cluster."""
    return tuple(
        tuple((told.phase, round(told.after, 3)) for told in worker.ledger[-LEDGER_LENGTH:])
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
        UnreadableReportError: it is too long, not there, or not a report.
    """
    found = read_report(folder, worker)
    try:
        return WorkerReport.from_json(found)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise unreadable(folder, worker, problem) from problem
