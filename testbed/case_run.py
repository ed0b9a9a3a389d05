"""One case: its clusters, from their ports to its verdict."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from testbed.cluster import tf_config
from testbed.devices import Devices
from testbed.diagnosis import Diagnosis, diagnose
from testbed.fault import NEED_OWN_NETWORK, Fault
from testbed.launch.cluster_end import ClusterEnd, WorkerEnd, first_failed
from testbed.launch.cluster_run import Deadlines, WorkerOrders, run_cluster
from testbed.launch.isolation import AUTO, Isolation
from testbed.launch.ports import held_ports
from testbed.launch.preloaded import PreloadedServer
from testbed.launch.run_folder import CaseFolder
from testbed.launch.worker_process import WorkerProcess
from testbed.reading import Raised, WorkerReport
from testbed.scenario import Case, Scenario
from testbed.selection import Selection
from testbed.strategies import STRATEGIES
from testbed.verdict import Verdict, failed, judge

WORKER_MODULE = "testbed.worker.main"
RUN_CASE = f"{WORKER_MODULE}:run_case"
SERVE = f"{WORKER_MODULE}:serve"
FIRST_SEED = 1000

LOOPBACK = "127.0.0.1"
LEDGER_LENGTH = 50

REPORT_LIMIT = 16 * 2**20
"""Bytes of one worker's report; a case's own is a few thousand."""


@dataclass(frozen=True)
class Options:
    """How to run: what the command line decides."""

    device: str = "cpu"
    python: str = sys.executable
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    fresh: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    isolation: str = AUTO
    """See `testbed.launch.isolation`."""


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


class UnreadableReportError(Exception):
    """A worker's report that cannot be read; the message says whose, and why."""


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

    server: PreloadedServer
    devices: Devices
    options: Options
    folder: CaseFolder
    observer: Observer

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
        script = selection.script(case).path
        tasks = case.deployment.tasks
        with held_ports(len(tasks)) as ports:
            hosts = self._hosts(len(tasks), fault)
            addresses = [f"{host}:{port}" for host, port in zip(hosts, ports, strict=True)]
            orders = {"entry": entry, "folder": str(self.folder.shared), **more}
            workers = [
                replace(
                    self._orders(case, script, addresses, number, orders),
                    address="" if host == LOOPBACK else host,
                )
                for number, host in enumerate(hosts)
            ]

            async def watch(running: Sequence[WorkerProcess]) -> None:
                logs = [self.folder.log(number) for number in range(len(tasks))]
                await self.observer.watch(case, running, logs)

            return await run_cluster(
                self.server,
                workers,
                self.folder,
                self._deadlines(made),
                fresh=self.options.fresh or made.fresh,
                watch=watch,
                fault=fault,
            )

    def _hosts(self, count: int, fault: Fault | None) -> list[str]:
        """The host of each worker: loopback, or, so that one can be cut off, one for each."""
        if fault is None or fault.kind not in NEED_OWN_NETWORK:
            return [LOOPBACK] * count
        return [self.server.new_address() for _ in range(count)]

    def _deadlines(self, made: Scenario) -> Deadlines:
        """The command's deadlines, or the scenario's own where that is the shorter one."""
        given = self.options.deadlines
        own = made.timeout or given.run
        # Who waits for a worker that never starts does not even join.
        start = min(given.start, own) if made.fault else given.start
        return Deadlines(start, min(given.run, own))

    def _orders(
        self, case: Case, script: Path, addresses: Sequence[str], worker: int, more: dict[str, Any]
    ) -> WorkerOrders:
        known = STRATEGIES[case.strategy]
        orders = {
            **more,
            "script": str(script),
            "scenario": case.scenario,
            "site": case.site,
            "mode": case.mode,
            "strategy": case.strategy,
            "workers": case.workers,
            "replicas_per_worker": case.replicas_per_worker,
            "device": self.options.device,
            "worker": worker,
            "seed": FIRST_SEED + worker,
            "report": str(self.folder.report(worker)),
        }
        if known.servers and worker > 0:
            orders["entry"] = SERVE
        environment = self.devices.environment(case.deployment, worker)
        if known.takes_workers:
            tasks = case.deployment.tasks
            environment["TF_CONFIG"] = tf_config(tasks, addresses, tasks[worker])
            # Lets the worker listen on a port that this process holds; for nobody else.
            environment["TF_GRPC_REUSE_PORT"] = "true"
        return WorkerOrders(orders, environment)

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
        if not raised and end.overdue == "start" and not last.fault:
            return failed(case, expected, end.cause, **stopped)
        if not raised and end.overdue:
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
    """The report of a worker, which its script may have damaged.

    Raises:
        UnreadableReportError: it is too long, not there, or not a report.
    """
    file = folder.report(worker)
    try:
        size = file.stat().st_size
        if size > REPORT_LIMIT:
            raise UnreadableReportError(
                f"worker {worker} reported {size / 2**20:.0f} MiB; at most"
                f" {REPORT_LIMIT // 2**20} MiB: claim less, or fewer objects"
            )
        return WorkerReport.from_json(json.loads(file.read_text(encoding="utf-8")))
    except OSError as problem:
        raise UnreadableReportError(
            f"worker {worker}'s report is gone: {problem.strerror}"
        ) from problem
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise UnreadableReportError(
            f"worker {worker}'s report cannot be read ({type(problem).__name__}: {problem}); {file}"
        ) from problem
