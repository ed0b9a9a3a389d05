"""Visits set-ups: starts the cluster, lets it measure itself, and reads its reports."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testbed.bench.baselines.bare import BareProgram
from testbed.bench.request import Effort
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.errors import LaunchError
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.machine.leftovers import RUN_MARK
from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.orders.case import MEASURE_CASE, Measurement, MeasureOrders
from testbed.report.output.observer import Observer
from testbed.run.case import CaseRun


@dataclass(frozen=True)
class Visit:
    """The result of one visit.

    `workers` holds each worker's figures, `phases` the seconds after which worker 0 reached each
    phase, `seconds` the time of a whole launch, and `alone` the seconds of each bare-loop step.
    """

    workers: list[dict[str, Any]] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    alone: Sequence[float] = ()

    @property
    def steps(self) -> list[float]:
        """Seconds of each timed step of all workers."""
        return [seconds for worker in self.workers for seconds in worker.get("steps", ())]


@dataclass(frozen=True)
class BenchSetup:
    """One set-up, which is visited in every round; its class says how it is measured."""

    part: str
    case: Case
    sizes: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Set-ups of one kind take about as long on clusters of one size."""
        return self.part

    async def pilot(self, visitor: Visitor) -> None:
        """Prepare the visits.

        Raises:
            LaunchError: the set-up cannot be measured.
        """

    async def visit(self, visitor: Visitor) -> Visit:
        """Measure the set-up once.

        Raises:
            LaunchError: the cluster failed; the message has the cause and the log file.
        """
        raise NotImplementedError


class Visitor:
    """Starts the clusters and baseline programs of set-ups, one cluster at a time."""

    def __init__(
        self, case_run: CaseRun, selection: Selection, folder: RunFolder, effort: Effort
    ) -> None:
        self.effort = effort
        self.isolation = case_run.options.isolation
        self.python = case_run.options.python
        self._case_run = case_run
        self._selection = selection
        self._folder = folder
        self.steps: dict[str, int] = {}
        """Numbers of timed steps, one for all set-ups with equal steps."""
        self._baselines: dict[tuple[str, ...], BareProgram] = {}

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(self, *_: object) -> None:
        for program in self._baselines.values():
            await program.end()

    def folder(self, setup: BenchSetup) -> CaseFolder:
        """The folder of a set-up."""
        return self._folder.case(f"{setup.kind}-{setup.case.id}")

    async def baseline(
        self,
        setup: BenchSetup,
        module: str,
        *arguments: str,
        isolation: str = "",
        python: str = "",
    ) -> BareProgram:
        """Start a baseline program on the devices of a set-up, unless it runs already.

        Args:
            setup: the set-up.
            module: the program's module.
            arguments: of the program.
            isolation: empty: as requested.
            python: the interpreter; empty: the workers' one.

        Raises:
            LaunchError: the program did not start.
        """
        program = BareProgram(module, isolation or self.isolation, python or self.python)
        program = self._baselines.setdefault((module, *arguments), program)
        environment = {
            **self._case_run.devices.environment(setup.case.deployment, 0),
            RUN_MARK: str(self._folder.path),
            "TMPDIR": str(self._folder.temporary),
        }
        await program.start(*arguments, environment=environment)
        return program

    async def launch(self, setup: BenchSetup, *, fresh: bool) -> float:
        """Seconds of a case, from reserving its first port until its last worker has ended.

        Raises:
            LaunchError: the case did not end as expected.
        """
        began = time.monotonic()
        options = replace(self._case_run.options, fresh=fresh)
        case_run = replace(self._case_run, folder=self.folder(setup), options=options)
        verdict = await case_run.judge(setup.case, self._selection)
        if not verdict.as_expected:
            raise LaunchError(f"{setup.case.id} went wrong: {verdict.seen}")
        return time.monotonic() - began

    async def measure(
        self, setup: BenchSetup, measure: Measurement, observer: Observer | None = None
    ) -> Visit:
        """Start a cluster whose workers measure themselves, and read their reports.

        Raises:
            LaunchError: the cluster failed; the message has the cause and the log file.
        """
        folder, observer = self.folder(setup), observer or self._case_run.observer
        case_run = replace(self._case_run, folder=folder, observer=observer)
        end = await case_run.run(
            setup.case, self._selection, MEASURE_CASE, lambda orders: MeasureOrders(orders, measure)
        )
        if end.cause:
            raise LaunchError(_failure(setup.case, end))
        found = [json.loads(folder.report(w.worker).read_text()) for w in end.workers]
        _forget(folder, len(found))
        return Visit(found, {each.phase: each.after for each in end.workers[0].ledger})


def _failure(case: Case, end: ClusterEnd) -> str:
    """The earliest failure, with the last line of that worker's log."""
    log = end.guilty[0].log
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return (
        f"{case.id} could not be measured: {end.cause};"
        f" {lines[-1] if lines else 'it said nothing'}; see {log}"
    )


def _forget(folder: CaseFolder, workers: int) -> None:
    """Remove the reports, so that the next visit to this folder cannot read them as its own."""
    for worker in range(workers):
        folder.report(worker).unlink()
