"""A whole run: from the selected cases to their verdicts."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from testbed.cluster import tf_config
from testbed.devices import Devices, visible_ids
from testbed.diagnosis import Diagnosis, diagnose
from testbed.errors import LaunchError, UsageError
from testbed.launch.cluster_run import ClusterEnd, Deadlines, WorkerOrders, run_cluster
from testbed.launch.environment import without_secrets
from testbed.launch.leftovers import RUN_MARK
from testbed.launch.ports import held_ports
from testbed.launch.preloaded import PreloadedServer, preloaded_server
from testbed.launch.run_folder import CaseFolder, RunFolder, write_json
from testbed.launch.worker_process import WorkerProcess
from testbed.reading import WorkerReport
from testbed.scenario import Case, Scenario
from testbed.selection import Selection
from testbed.strategies import STRATEGIES
from testbed.verdict import Verdict, failed, judge, skipped

WORKER_MODULE = "testbed.worker.main"
RUN_CASE = f"{WORKER_MODULE}:run_case"
SERVE = f"{WORKER_MODULE}:serve"
FIRST_SEED = 1000


@dataclass(frozen=True)
class Options:
    """How to run: what the command line decides."""

    device: str = "cpu"
    python: str = sys.executable
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    fresh: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)


class Observer(Protocol):
    """Is told what goes on, to show it."""

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

    def started(self, case: Case) -> None:
        """See `Observer`."""

    def judged(self, verdict: Verdict) -> None:
        """See `Observer`."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """See `Observer`."""


@dataclass(frozen=True)
class Run:
    """What came of a run."""

    folder: RunFolder
    verdicts: tuple[Verdict, ...]
    began: str
    """ISO 8601, UTC."""
    seconds: float


async def run(selection: Selection, options: Options, folder: RunFolder, observer: Observer) -> Run:
    """Run the selected cases, side by side as far as `options.jobs` allows.

    Raises:
        LaunchError: no worker can be started on this machine.
        UsageError: a rule of a script raised, or the GPUs suffice for none of the cases.
    """
    began, started = datetime.datetime.now(datetime.timezone.utc), time.monotonic()
    write_json(folder.environment, without_secrets(os.environ))
    expected = {case: selection.scenario(case).expects(case) for case in selection.cases}
    every_case_fresh = options.fresh or all(selection.scenario(c).fresh for c in selection.cases)
    async with open_server(folder, fresh=every_case_fresh, python=options.python) as server:
        devices = await find_devices(server, options, folder)
        lacking = {case: devices.lacking(case.deployment) for case in selection.cases}
        _require_one_that_runs(lacking)
        slots = asyncio.Semaphore(options.jobs)

        async def verdict_on(case: Case) -> Verdict:
            if lacking[case]:
                verdict = skipped(case, expected[case], lacking[case])
            else:
                async with slots:
                    observer.started(case)
                    case_run = CaseRun(server, devices, options, folder.case(case.id), observer)
                    verdict = await case_run.judge(case, selection)
            observer.judged(verdict)
            return verdict

        verdicts = await _all_or_none([verdict_on(case) for case in selection.cases])
    return Run(
        folder,
        tuple(verdicts),
        began.isoformat(timespec="seconds"),
        time.monotonic() - started,
    )


async def _all_or_none(work: Sequence[Coroutine[Any, Any, Verdict]]) -> list[Verdict]:
    """Wait for all; where one raises, end the others properly before that is told."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def open_server(
    folder: RunFolder,
    *,
    fresh: bool,
    python: str = sys.executable,
    module: str = WORKER_MODULE,
    exact: bool = True,
) -> Any:
    """The server that the workers of a run come from; it preloads nothing where all are fresh.

    `module` is what it preloads; for `exact` see `testbed.launch.environment`.
    """
    preload = [] if fresh else [module]
    marks = {RUN_MARK: str(folder.path)}
    if python != sys.executable:
        marks["PYTHONPATH"] = str(folder.expose_package())
    return preloaded_server(preload, folder.path / "server.log", marks, python, exact=exact)


async def find_devices(server: PreloadedServer, options: Options, folder: RunFolder) -> Devices:
    """The devices of this machine that the run may use; asks TensorFlow only for GPUs."""
    if options.device == "cpu":
        return Devices()
    found = await inspect(server, folder, fresh=options.fresh)
    ids = visible_ids(len(found["gpus"]), os.environ.get("CUDA_VISIBLE_DEVICES"))
    return Devices(options.device, ids)


async def inspect(server: PreloadedServer, folder: RunFolder, *, fresh: bool) -> dict[str, Any]:
    """What TensorFlow says of this machine; asked in a worker, so that nobody else touches it."""
    case = folder.case("devices")
    orders = {"entry": f"{WORKER_MODULE}:list_devices", "report": str(case.report(0))}
    end = await run_cluster(server, [WorkerOrders(orders)], case, Deadlines(), fresh=fresh)
    if end.complaints:
        raise LaunchError(f"TensorFlow could not list devices: {end.complaints[0]}; {case.log(0)}")
    found: dict[str, Any] = json.loads(case.report(0).read_text())
    return found


def _require_one_that_runs(lacking: dict[Case, str]) -> None:
    reasons = set(lacking.values())
    if lacking and "" not in reasons:
        raise UsageError(
            f"none of the cases can run: {', '.join(sorted(reasons))};"
            " use --device cpu, or fewer --workers and --replicas"
        )


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
        return self._verdict(case, selection, await self.run(case, selection))

    async def run(
        self, case: Case, selection: Selection, entry: str = RUN_CASE, **more: Any
    ) -> ClusterEnd:
        """Run a case on its own cluster, through an entry of the worker; `more` are its orders."""
        made = selection.scenario(case)
        script = selection.script(case).path
        tasks = case.deployment.tasks
        with held_ports(len(tasks)) as ports:
            workers = [
                self._orders(case, script, ports, number, {"entry": entry, **more})
                for number in range(len(tasks))
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
            )

    def _deadlines(self, made: Scenario) -> Deadlines:
        """The command's deadlines, or the scenario's own where that is the shorter one."""
        given = self.options.deadlines
        return replace(given, run=min(given.run, made.timeout or given.run))

    def _orders(
        self, case: Case, script: Path, ports: Sequence[int], worker: int, more: dict[str, Any]
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
            environment["TF_CONFIG"] = tf_config(tasks, ports, tasks[worker])
            # Lets the worker listen on a port that this process holds; for nobody else.
            environment["TF_GRPC_REUSE_PORT"] = "true"
        return WorkerOrders(orders, environment)

    def _verdict(self, case: Case, selection: Selection, end: ClusterEnd) -> Verdict:
        expected = selection.scenario(case).expects(case)
        reports = _read_reports(self.folder, end)
        seen = {
            "seconds": end.seconds,
            "reports": tuple(reports),
            "logs": tuple(str(worker.log) for worker in end.workers),
        }
        raised = [report.raised for report in reports if report.raised]
        broken = [problem for problem in raised if problem.origin != "tensorflow"]
        if broken:
            return failed(case, expected, f"in the {broken[0].origin}: {broken[0]}", **seen)
        died = [worker for worker in end.workers if worker.status is not None]
        if not raised and (died or end.overdue == "start"):
            return failed(case, expected, end.complaints[0], **seen)
        if not raised and end.overdue:
            return judge(case, expected, Diagnosis("hang", end.complaints[0]), **seen)
        return judge(case, expected, diagnose(reports, case.deployment.in_sync), **seen)


def _read_reports(folder: CaseFolder, end: ClusterEnd) -> list[WorkerReport]:
    return [
        WorkerReport.from_json(json.loads(folder.report(worker.worker).read_text()))
        for worker in end.workers
        if worker.reported
    ]
