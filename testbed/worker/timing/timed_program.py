"""Runs a user's program, times its steps, and ends it after enough of them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, NoReturn

from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import ProgramReport
from testbed.orders.timed import RUN_TIMED, TimedOrders, TimedReport
from testbed.worker.device_memory import device_memory
from testbed.worker.timing.machine_load import MachineLoad
from testbed.worker.timing.pipeline import Pipeline
from testbed.worker.timing.profiling import profiled, read_profile
from testbed.worker.timing.reductions import Reductions
from testbed.worker.timing.rows import Rows
from testbed.worker.timing.step_clock import StepClock
from testbed.worker.timing.taken_away import TakenAway
from testbed.worker.timing.waits import timing_waits
from testbed.worker.user_code.own_code import own_code
from testbed.worker.user_code.program import end_program, outcome
from testbed.worker.user_code.unreplicated import own_devices
from testbed.worker.watching.library_names import BlindError


@RUN_TIMED.implementation
def run_timed(orders: TimedOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker as the orders say, and time its steps."""
    timed = _Timed(orders, channel)
    with own_code(orders.setup, channel, exit_code_counts=True):
        try:
            with timed.hooked():
                end = outcome(orders.program)
        except BlindError as problem:
            why = f"steps cannot be timed with this TensorFlow: {problem}"
            end = ProgramReport(1, why, None, None)
    end_program(orders.setup, channel, timed.report(end))


class _Timed:
    """What is timed in one run of a program."""

    def __init__(self, orders: TimedOrders, channel: Channel) -> None:
        self._orders, self._channel = orders, channel
        self._rows, self._reductions = Rows(), Reductions()
        self._pipeline = Pipeline(self._rows)
        self._clock = StepClock(orders.warm, orders.steps, self._enough, self._begins)
        self._load = MachineLoad()
        self._taken_away = TakenAway(orders.variant)
        self._profiling = contextlib.ExitStack()
        self._profile_began = 0.0

    @contextlib.contextmanager
    def hooked(self) -> Any:
        """Change the block as the variant says, and time its steps."""
        orders = self._orders
        with (
            own_devices() if orders.all_devices else contextlib.nullcontext(),
            self._taken_away.taken(),
            self._pipeline.recording(),
            self._reductions.counting(),
            self._clock.running(),
            timing_waits(self._clock),
        ):
            yield

    def _begins(self, number: int, arguments: Sequence[Any]) -> None:
        self._reductions.step_begins()
        self._rows.seen(arguments)
        if number == self._orders.warm:
            self._load.start()
        if number == self._orders.warm and self._orders.profile:
            profile = profiled(self._orders.profile)
            self._profile_began = self._profiling.enter_context(profile)

    def _enough(self) -> NoReturn:
        """End the program, whose timed steps are over."""
        self._channel.phase("finished")
        end = ProgramReport(0, "", None, device_memory())
        end_program(self._orders.setup, self._channel, self.report(end))

    def report(self, end: ProgramReport) -> TimedReport:
        """The report of the program that has ended."""
        load = self._load.cores
        self._profiling.close()
        clock, extended = self._clock, self._clock.strategy
        replicas = int(extended._num_replicas_in_sync) if extended else 0
        own = len(extended.worker_devices) if extended else 0
        folder = self._orders.profile
        return TimedReport(
            **vars(end),
            steps=tuple(clock.steps),
            place=clock.place,
            replicas=replicas,
            rows=self._rows.of_all(replicas),
            rows_of_replicas=self._rows.of_replicas,
            is_eager=clock.is_eager,
            fetches=clock.fetches,
            traced=clock.traced,
            pipeline=tuple(self._pipeline.parts),
            reductions=self._reductions.most,
            is_taken_away=self._taken_away.is_effective,
            machine=load,
            profile=(
                read_profile(folder, self._profile_began, len(clock.steps), own) if folder else None
            ),
        )
