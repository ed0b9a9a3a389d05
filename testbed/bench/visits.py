"""Visits a set-up: starts its cluster, has it measure itself, and reads what it found."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from testbed.bench.plan import Effort, Setup
from testbed.bench.statistics import percentile
from testbed.errors import LaunchError
from testbed.launch.cluster_run import ClusterEnd
from testbed.launch.environment import server_environment
from testbed.launch.run_folder import CaseFolder, RunFolder
from testbed.runner import CaseRun
from testbed.selection import Selection

ENTRY = "testbed.worker.measure:measure_case"
PLAIN_LOOP = "testbed.bench.programs.plain_loop"
PLAIN_DEADLINE_S = 180.0

# Enough for a pilot to tell how long a step takes.
PILOT_STEPS = 10
WARM_UP_SHARE = 0.3
FEWEST_STEPS = 20


@dataclass(frozen=True)
class Visit:
    """What one visit found: each worker's figures, and when worker 0 reached which phase."""

    workers: list[dict[str, Any]]
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> list[float]:
        """Seconds of each timed step, of all workers."""
        return [seconds for worker in self.workers for seconds in worker.get("steps", ())]


class Visitor:
    """Visits set-ups, one cluster at a time; remembers how many steps fit in a time."""

    def __init__(
        self, case_run: CaseRun, selection: Selection, folder: RunFolder, effort: Effort
    ) -> None:
        self._case_run = case_run
        self._selection = selection
        self._folder = folder
        self._effort = effort
        self._steps: dict[str, int] = {}

    async def pilot(self, setup: Setup) -> None:
        """Find out how many steps to take, once for set-ups whose steps are alike.

        Raises:
            LaunchError: the set-up cannot be measured.
        """
        if setup.program in self._steps or setup.part == "wire" or setup.alone:
            return
        visit = await self._measure(setup, PILOT_STEPS, accesses=1)
        fitting = self._effort.step_budget / percentile(visit.steps, 0.5)
        self._steps[setup.program] = int(min(max(fitting, FEWEST_STEPS), self._effort.most_steps))

    async def visit(self, setup: Setup) -> Visit:
        """Measure a set-up once.

        Raises:
            LaunchError: its cluster failed, with what it said and where its log is.
        """
        steps = self._steps.get(setup.program, FEWEST_STEPS)
        if setup.alone:
            return Visit([{"steps": await self._alone(setup, steps)}])
        return await self._measure(setup, steps, self._effort.accesses)

    async def _measure(self, setup: Setup, steps: int, accesses: int) -> Visit:
        folder = self._folder.case(f"{setup.part}-{setup.case.id}")
        measure = {
            "steps": steps,
            "warm_up": max(3, int(WARM_UP_SHARE * steps)),
            "accesses": accesses,
            "as_run": setup.as_run,
            "graphs": setup.part == "sharing",
            "one_thread": setup.one_thread,
            "sizes": setup.sizes,
        }
        case_run = CaseRun(
            self._case_run.server,
            self._case_run.devices,
            self._case_run.options,
            folder,
            self._case_run.observer,
        )
        end = await case_run.run(setup.case, self._selection, ENTRY, measure=measure)
        if end.complaints:
            raise LaunchError(_what_went_wrong(setup, end))
        found = [json.loads(folder.report(w.worker).read_text()) for w in end.workers]
        _forget(folder, len(found))
        return Visit(found, dict(end.workers[0].phases))

    async def _alone(self, setup: Setup, steps: int) -> list[float]:
        """Run the loop as a script of its own; the seconds of its steps."""
        replicas = setup.case.replicas_per_worker
        sizes = {
            **setup.sizes,
            "replicas": replicas,
            "steps": steps,
            "warm_up": max(3, int(WARM_UP_SHARE * steps)),
        }
        environment = self._case_run.devices.environment(setup.case.deployment, 0)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", PLAIN_LOOP, json.dumps(sizes),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**server_environment(os.environ, exact=False), **without_none(environment)},
        )  # fmt: skip
        try:
            output, errors = await asyncio.wait_for(process.communicate(), PLAIN_DEADLINE_S)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            lines = errors.decode(errors="replace").strip().splitlines()
            raise LaunchError(f"the bare loop failed: {lines[-1] if lines else 'without a word'}")
        seconds: list[float] = json.loads(output)
        return seconds


def without_none(environment: dict[str, str | None]) -> dict[str, str]:
    """An environment without what is to be removed from it."""
    return {name: value for name, value in environment.items() if value is not None}


def _what_went_wrong(setup: Setup, end: ClusterEnd) -> str:
    """The first complaint, with the last line of that worker's log."""
    log = end.guilty[0].log
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return (
        f"{setup.case.id} could not be measured: {end.complaints[0]};"
        f" {lines[-1] if lines else 'it said nothing'}; see {log}"
    )


def _forget(folder: CaseFolder, workers: int) -> None:
    """Remove reports, so that the next visit to this folder cannot be taken for this one."""
    for worker in range(workers):
        folder.report(worker).unlink()
