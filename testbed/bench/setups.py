"""The kinds of set-ups: how each is prepared, and how it is measured."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from typing import ClassVar

from testbed.bench.baselines.bare import (
    BARE_FORK,
    PLAIN_LOOP,
    STOPWATCH,
    BareProgram,
    InterleavedTurns,
)
from testbed.bench.baselines.stopwatch import COMMAND
from testbed.bench.figures.statistics import percentile
from testbed.bench.visits import BenchSetup, Visit, Visitor
from testbed.cluster.isolation_levels import NONE
from testbed.errors import LaunchError
from testbed.orders.case import FEWEST_STEPS, Measurement

# Enough for a pilot to estimate the time of a step.
PILOT_STEPS = 5

# Number of turns of a worker and the bare loop; both take steps in each turn.
TURNS = 6


class CollectiveSetup(BenchSetup):
    """Measures collectives; its sizes say how many calls."""

    async def visit(self, visitor: Visitor) -> Visit:
        """Call every collective."""
        return await visitor.measure(self, Measurement(self.sizes))


@dataclass(frozen=True)
class StepSetup(BenchSetup):
    """Takes as many timed steps as fit in the step budget, or as the effort allows."""

    as_run: bool = False
    one_thread: bool = False

    @property
    def program(self) -> str:
        """Key of set-ups that share one number of steps."""
        return f"{self.case.scenario} {self.sizes} {self.case.site} {self.case.deployment}"

    async def pilot(self, visitor: Visitor) -> None:
        """Estimate the number of steps, once for all set-ups with equal steps."""
        if self.program in visitor.steps:
            return
        visit = await visitor.measure(self, self._measure(PILOT_STEPS))
        effort = visitor.effort
        fitting = max(FEWEST_STEPS, effort.step_budget / percentile(visit.steps, 0.5))
        visitor.steps[self.program] = int(min(fitting, effort.most_steps))

    async def visit(self, visitor: Visitor) -> Visit:
        """Take the steps."""
        return await visitor.measure(self, self._measure(visitor.steps[self.program]))

    def _measure(self, steps: int) -> Measurement:
        return Measurement(self.sizes, steps, as_run=self.as_run, one_thread=self.one_thread)


class SharingSetup(StepSetup):
    """Also measures reads and writes of the variable, and the bytes that a step moves."""

    @property
    def program(self) -> str:
        """Equal for all ways of sharing, of which none has sizes."""
        return super().program if self.sizes else f"{self.case.site} {self.case.deployment}"

    async def visit(self, visitor: Visitor) -> Visit:
        """Take the steps, then read and write the variable."""
        measure = self._measure(visitor.steps[self.program])
        return await visitor.measure(self, replace(measure, accesses=visitor.effort.accesses))

    def _measure(self, steps: int) -> Measurement:
        return replace(super()._measure(steps), graphs=True)


class InterleavedSetup(StepSetup):
    """Takes its steps in turn with the bare loop, a few steps each."""

    async def pilot(self, visitor: Visitor) -> None:
        """Start the bare loop, and estimate the number of steps."""
        await self._loop(visitor)
        await super().pilot(visitor)

    async def visit(self, visitor: Visitor) -> Visit:
        """Take the steps of a worker and of the bare loop in turn."""
        steps = math.ceil(visitor.steps[self.program] / TURNS)
        loop = await self._loop(visitor)
        turns = InterleavedTurns(loop, TURNS, steps)
        visit = await visitor.measure(self, replace(self._measure(steps), turns=TURNS), turns)
        # Each process has another memory layout, which makes its steps faster or slower. So both
        # sides are new processes in each round.
        await loop.end()
        return replace(visit, alone=turns.seconds)

    async def _loop(self, visitor: Visitor) -> BareProgram:
        counts = {"replicas": self.case.replicas_per_worker, "warm_up": PILOT_STEPS}
        return await visitor.baseline(self, PLAIN_LOOP, json.dumps({**self.sizes, **counts}))


class LaunchSetup(BenchSetup):
    """Launches a cluster in one of several ways; here a case, as the testbed does it."""

    how: ClassVar[str] = "launch"
    """The name of the way and of its figure."""
    fresh: ClassVar[bool] = False
    """Whether the workers run in new interpreters."""

    @property
    def kind(self) -> str:
        """Another one for each way of launching."""
        return f"{self.part}-{self.how}"

    async def visit(self, visitor: Visitor) -> Visit:
        """Launch the case once."""
        return Visit(seconds=await visitor.launch(self, fresh=self.fresh))


class FreshLaunch(LaunchSetup):
    """Launches a case in new interpreters."""

    how = "fresh"
    fresh = True


class BareFork(LaunchSetup):
    """Forks workers that do the same as the case, without the testbed."""

    how = "bare_fork"

    async def pilot(self, visitor: Visitor) -> None:
        """Start the program that launches."""
        await self._baseline(visitor)

    async def visit(self, visitor: Visitor) -> Visit:
        """Let the program launch once, and read its seconds."""
        answer = await (await self._baseline(visitor)).answer(str(self.case.workers))
        if "wrong" in answer:
            raise LaunchError(f"{self.case.scenario} {self.how}: {answer['wrong']}")
        return Visit(seconds=float(answer["seconds"]))

    async def _baseline(self, visitor: Visitor) -> BareProgram:
        return await visitor.baseline(self, BARE_FORK)


class HelloByHand(BareFork):
    """Starts a user's program in one interpreter for each worker."""

    how = "by_hand"
    isolation: ClassVar[str] = ""
    """The isolation around the stopwatch; empty: as requested."""

    async def _baseline(self, visitor: Visitor) -> BareProgram:
        # Not in the user's folder, where only the latest runs are kept and these would count.
        words = (self.how, str(visitor.folder(self).path), visitor.isolation, visitor.python)
        # The stopwatch needs packages that only this interpreter has.
        return await visitor.baseline(
            self, STOPWATCH, *words, isolation=self.isolation, python=sys.executable
        )


class HelloLaunch(HelloByHand):
    """Starts the same program with `testbed launch`."""

    how = COMMAND
    # The command creates its network and process isolation itself.
    isolation = NONE
