"""Visits set-ups: starts the cluster, lets it measure itself, and reads its reports."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testbed.bench.bare import BARE_FORK, PLAIN_LOOP, STOPWATCH, BareProgram, InterleavedTurns
from testbed.bench.figures.statistics import percentile
from testbed.bench.plan import COLLECTIVES, HELLO, LAUNCH, BenchSetup, Effort
from testbed.bench.stopwatch import COMMAND
from testbed.catalogue.selection import Selection
from testbed.errors import LaunchError
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.isolation.isolation import NONE
from testbed.launcher.machine.leftovers import RUN_MARK
from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.run.case import CaseRun

MODULE = "testbed.worker.measure"
ENTRY = f"{MODULE}:measure_case"

# Enough for a pilot to estimate the time of a step.
PILOT_STEPS = 5
WARM_UP_SHARE = 0.3
FEWEST_STEPS = 12

# Number of turns of a worker and the bare loop; both take steps in each turn.
TURNS = 6


@dataclass(frozen=True)
class Visit:
    """The result of one visit.

    `workers` holds each worker's figures, `phases` the seconds after which worker 0 reached each
    phase, `seconds` the time of a whole launch, and `alone` the seconds of each bare-loop step.
    """

    workers: list[dict[str, Any]]
    phases: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    alone: Sequence[float] = ()

    @property
    def steps(self) -> list[float]:
        """Seconds of each timed step of all workers."""
        return [seconds for worker in self.workers for seconds in worker.get("steps", ())]


class Visitor:
    """Visits set-ups, one cluster at a time; remembers how many steps fit in the step budget."""

    def __init__(
        self, case_run: CaseRun, selection: Selection, folder: RunFolder, effort: Effort
    ) -> None:
        self._case_run = case_run
        self._selection = selection
        self._folder = folder
        self._effort = effort
        self._steps: dict[str, int] = {}
        self._fork = BareProgram(BARE_FORK, case_run.options.isolation)
        self._loop = BareProgram(PLAIN_LOOP, case_run.options.isolation)
        self._hello = {
            "by_hand": BareProgram(STOPWATCH, case_run.options.isolation),
            # The command creates its network and process isolation itself.
            "": BareProgram(STOPWATCH, NONE),
        }

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(self, *_: object) -> None:
        for program in (self._fork, self._loop, *self._hello.values()):
            await program.end()

    async def pilot(self, setup: BenchSetup) -> None:
        """Estimate the number of steps, once for all set-ups with equal steps.

        Raises:
            LaunchError: the set-up cannot be measured.
        """
        environment = {
            **self._case_run.devices.environment(setup.case.deployment, 0),
            RUN_MARK: str(self._folder.path),
            "TMPDIR": str(self._folder.temporary),
        }
        if setup.how == "bare_fork":
            await self._fork.start(environment=environment)
        if setup.beside:
            counts = {"replicas": setup.case.replicas_per_worker, "warm_up": PILOT_STEPS}
            sizes = json.dumps({**setup.sizes, **counts})
            await self._loop.start(sizes, environment=environment)
        if setup.case.scenario == HELLO:
            await self._start_hello(setup, environment)
        if setup.case.scenario in (COLLECTIVES, LAUNCH, HELLO) or setup.program in self._steps:
            return
        visit = await self._measure(setup, PILOT_STEPS, accesses=0)
        fitting = self._effort.step_budget / percentile(visit.steps, 0.5)
        self._steps[setup.program] = int(min(max(fitting, FEWEST_STEPS), self._effort.most_steps))

    async def visit(self, setup: BenchSetup) -> Visit:
        """Measure a set-up once.

        Raises:
            LaunchError: the cluster failed; the message has the cause and the log file.
        """
        steps = self._steps.get(setup.program, FEWEST_STEPS)
        if setup.case.scenario == HELLO:
            return Visit([], seconds=await self._say_hello(setup))
        if setup.case.scenario == LAUNCH:
            return Visit([], seconds=await self._launch(setup))
        if setup.beside:
            return await self._in_turn(setup, math.ceil(steps / TURNS))
        accesses = self._effort.accesses if setup.part == "sharing" else 0
        return await self._measure(setup, steps, accesses)

    async def _in_turn(self, setup: BenchSetup, steps: int) -> Visit:
        """Measure a set-up and the bare loop in turn, a few steps each."""
        turns = InterleavedTurns(self._loop, TURNS, steps)
        visit = await self._measure(setup, steps, accesses=0, turns=turns)
        return replace(visit, alone=turns.seconds)

    async def _launch(self, setup: BenchSetup) -> float:
        """Seconds of a case, from reserving its first port until its last worker has ended."""
        if setup.how == "bare_fork":
            found = await self._fork.answer(str(setup.case.workers))
            return float(found["seconds"])
        began = time.monotonic()
        options = replace(self._case_run.options, fresh=setup.how == "fresh")
        case_run = replace(self._in_folder(setup), options=options)
        verdict = await case_run.judge(setup.case, self._selection)
        if not verdict.as_expected:
            raise LaunchError(f"{setup.case.id} went wrong: {verdict.seen}")
        return time.monotonic() - began

    async def _start_hello(self, setup: BenchSetup, environment: dict[str, str | None]) -> None:
        # Not in the user's folder, where only the latest runs are kept and these would count.
        folder = str(self._in_folder(setup).folder.path)
        how, isolation = setup.how or COMMAND, self._case_run.options.isolation
        await self._hello[setup.how].start(how, folder, isolation, environment=environment)

    async def _say_hello(self, setup: BenchSetup) -> float:
        """Seconds of the small program, from its first process until the last one has ended."""
        found = await self._hello[setup.how].answer(str(setup.case.workers))
        if "wrong" in found:
            raise LaunchError(f"{HELLO} {setup.how or 'by testbed launch'}: {found['wrong']}")
        return float(found["seconds"])

    def _in_folder(self, setup: BenchSetup) -> CaseRun:
        folder = self._folder.case(f"{setup.part}-{setup.how}-{setup.case.id}")
        return replace(self._case_run, folder=folder)

    async def _measure(
        self, setup: BenchSetup, steps: int, accesses: int, turns: InterleavedTurns | None = None
    ) -> Visit:
        case_run = self._in_folder(setup)
        if turns:
            case_run = replace(case_run, observer=turns)
        folder = case_run.folder
        measure = {
            "steps": steps,
            "warm_up": _warm_up(steps),
            "accesses": accesses,
            "turns": TURNS if turns else 0,
            "as_run": setup.as_run,
            "graphs": setup.part == "sharing",
            "one_thread": setup.one_thread,
            "sizes": setup.sizes,
        }
        end = await case_run.run(setup.case, self._selection, ENTRY, measure=measure)
        if end.cause:
            raise LaunchError(_failure(setup, end))
        found = [json.loads(folder.report(w.worker).read_text()) for w in end.workers]
        _forget(folder, len(found))
        return Visit(found, {each.phase: each.after for each in end.workers[0].ledger})


def _warm_up(steps: int) -> int:
    return max(3, int(WARM_UP_SHARE * steps))


def _failure(setup: BenchSetup, end: ClusterEnd) -> str:
    """The earliest failure, with the last line of that worker's log."""
    log = end.guilty[0].log
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return (
        f"{setup.case.id} could not be measured: {end.cause};"
        f" {lines[-1] if lines else 'it said nothing'}; see {log}"
    )


def _forget(folder: CaseFolder, workers: int) -> None:
    """Remove the reports, so that the next visit to this folder cannot read them as its own."""
    for worker in range(workers):
        folder.report(worker).unlink()
