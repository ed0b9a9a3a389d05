"""Runs the selected cases, and collects their verdicts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.catalogue.scenario import Case, Expectation
from testbed.catalogue.selection import Selection
from testbed.cluster.devices import too_few_devices
from testbed.errors import LaunchError, UsageError
from testbed.launcher.machine.environment import without_secrets
from testbed.launcher.run_folder import RunFolder, keep_json, utc_now, write_json
from testbed.launcher.server.source import WorkerServer
from testbed.report.output.observer import Observer
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.scenario import keep_scripts, lacking_for, lacking_packages
from testbed.run.servers import Inspected, inspect_hosts, open_server
from testbed.verdict.entry import entry_of
from testbed.verdict.verdict import Verdict, failed, skipped


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    folder: RunFolder
    verdicts: tuple[Verdict, ...]
    began: str
    """ISO 8601, UTC."""
    seconds: float


async def run(selection: Selection, options: Options, folder: RunFolder, observer: Observer) -> Run:
    """Run the selected cases, side by side as far as `options.jobs` allows.

    Raises:
        LaunchError: no worker can be started on this machine.
        UsageError: a rule of a script raised, or there are too few GPUs for every case.
    """
    began, started = utc_now(), time.monotonic()
    write_json(folder.environment, without_secrets(os.environ))
    keep_scripts(selection, folder)
    every_case_fresh = options.fresh or all(selection.scenario(c).fresh for c in selection.cases)
    async with open_server(
        folder,
        fresh=every_case_fresh,
        python=options.python,
        isolation=options.isolation,
        rank=options.rank,
    ) as server:
        observer.opened(server.isolation)
        found = await inspect_hosts(server, options, folder)
        expected = {c: selection.scenario(c).expects(c, found.frameworks) for c in selection.cases}
        lacking = {
            case: found.devices.lacking(case.deployment)
            or lacking_for(selection.scenario(case).fault, server.isolation)
            or lacking_packages(selection.script(case), options.python)
            for case in selection.cases
        }
        _require_one_that_runs(lacking, options.device)
        judging = _Judging(selection, options, folder, observer, server, found, lacking, expected)
        verdicts = await _all_or_none([judging.verdict_on(case) for case in selection.cases])
    return Run(
        folder,
        tuple(verdicts),
        began,
        time.monotonic() - started,
    )


def _keep(verdict: Verdict, folder: RunFolder) -> None:
    """Write a verdict at once, so that `testbed report` can show an interrupted run."""
    # On a full disk, the run continues without the file.
    with contextlib.suppress(OSError):
        # The reports of the workers are in their files already.
        write_json(
            folder.case(verdict.case.id).verdict, asdict(entry_of(replace(verdict, reports=())))
        )


@dataclass
class _Judging:
    """Judges the cases of one run, and holds what they share."""

    selection: Selection
    options: Options
    folder: RunFolder
    observer: Observer
    server: WorkerServer
    found: Inspected
    lacking: dict[Case, str]
    expected: dict[Case, Expectation]
    done: int = 0

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.options.jobs)

    async def verdict_on(self, case: Case) -> Verdict:
        """Judge a case as soon as a slot is free, and write the verdict at once."""
        if why := self.lacking[case]:
            verdict = skipped(case, self.expected[case], why)
        else:
            async with self._slots:
                verdict = await self._judge(case)
        _keep(verdict, self.folder)
        self.done += 1
        if self.options.rank:
            progress = {"done": self.done, "cases": len(self.selection.cases)}
            keep_json(self.folder.progress, progress)
        self.observer.judged(verdict)
        return verdict

    async def _judge(self, case: Case) -> Verdict:
        try:
            if not self._lost:
                self.observer.started(case)
                own = self.folder.case(case.id)
                bench = CaseRun(
                    self.server,
                    self.found.devices,
                    self.options,
                    own,
                    self.observer,
                    self.folder,
                    self.found.frameworks,
                )
                return await bench.judge(case, self.selection)
        except LaunchError:
            if not self._lost:
                raise
        # The verdicts until the loss of a host are kept, so this case only fails.
        return failed(case, self.expected[case], f"not run: {self._lost}")

    @property
    def _lost(self) -> str:
        """The reason why the hosts of an engine can start no more workers; empty where they can."""
        return self.server.lost if self.options.rank else ""


async def _all_or_none(work: Sequence[Coroutine[Any, Any, Verdict]]) -> list[Verdict]:
    """Wait for all; where one raises, cancel the others and wait for their end first."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _require_one_that_runs(lacking: dict[Case, str], device: str) -> None:
    if not lacking or not all(lacking.values()):
        return
    message = f"none of the cases can run: {', '.join(sorted(set(lacking.values())))}"
    if device == "cpu":
        raise UsageError(message)
    most = max((case.deployment.cluster for case in lacking), key=lambda each: each.replicas)
    raise too_few_devices(message, most)
