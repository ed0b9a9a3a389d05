"""What is timed in one run of a program: its steps, their rows, input, reductions and load."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from testbed.orders.own_code import ProgramReport
from testbed.orders.timed import Profile, TimedOrders, TimedReport
from testbed.worker.timing.loop_steps import LoopSteps
from testbed.worker.timing.machine_load import MachineLoad
from testbed.worker.timing.pipeline import Pipeline
from testbed.worker.timing.profiling import profiled, read_profile
from testbed.worker.timing.reductions import Reductions
from testbed.worker.timing.rows import Rows
from testbed.worker.timing.step_clock import StepClock
from testbed.worker.timing.taken_away import TakenAway
from testbed.worker.timing.waits import timing_waits


class TimedSteps:
    """The timed steps of one run.

    Args:
        orders: of the worker.
        enough: called in the main thread after the last timed step; it does not return.
    """

    def __init__(self, orders: TimedOrders, enough: Callable[[], object]) -> None:
        self._orders = orders
        self._rows, self._reductions = Rows(), Reductions()
        self._pipeline = Pipeline(self._rows)
        self._loop = LoopSteps()
        self._clock = StepClock(
            orders.warm, orders.steps, enough, self._begins, self._loop.run_is_traced
        )
        self._taken_away = TakenAway(orders.variant)
        self._load = MachineLoad()
        self._profiling = contextlib.ExitStack()
        self._profile_began = 0.0

    @contextlib.contextmanager
    def timing(self) -> Iterator[None]:
        """Change the steps of the block as the variant says, and time them.

        Raises:
            BlindError: this TensorFlow lacks a private name that is needed.
        """
        self._loop.start()
        with (
            self._taken_away.taken(),
            self._pipeline.recording(),
            self._reductions.counting(),
            self._clock.running(),
            timing_waits(self._clock),
        ):
            yield

    def _begins(self, number: int, function: Any, arguments: Sequence[Any]) -> None:
        self._reductions.step_begins()
        self._rows.seen(arguments)
        self._loop.call_begins(function)
        if number != self._orders.warm:
            return
        self._load.start()
        if self._orders.profile:
            profile = profiled(self._orders.profile)
            self._profile_began = self._profiling.enter_context(profile)

    def report(self, end: ProgramReport) -> TimedReport:
        """The report of the program that has ended."""
        load = self._load.cores
        self._profiling.close()
        clock, extended = self._clock, self._clock.strategy
        replicas = int(extended._num_replicas_in_sync) if extended else 0
        own = len(extended.worker_devices) if extended else 0
        of_a_call = self._loop.of_a_call
        return TimedReport(
            **vars(end),
            steps=tuple(clock.steps),
            steps_of_a_call=of_a_call,
            place=clock.place,
            replicas=replicas,
            rows=self._rows.of_all(replicas),
            rows_of_replicas=self._rows.of_replicas,
            is_eager=clock.is_eager,
            fetches=clock.fetches,
            traced=clock.traced,
            pipeline=tuple(self._pipeline.parts),
            reductions=self._reductions.last,
            is_taken_away=self._taken_away.is_effective,
            machine=load,
            profile=self._profile(own, of_a_call),
        )

    def _profile(self, replicas: int, of_a_call: float) -> Profile | None:
        """What the profiler saw; None without a profile, or where it cannot be read."""
        if not self._orders.profile:
            return None
        begins = [step.begin for step in self._clock.steps]
        seen = read_profile(self._orders.profile, self._profile_began, begins, replicas)
        return seen and replace(seen, busy=tuple(each / of_a_call for each in seen.busy))
