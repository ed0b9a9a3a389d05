"""Runs a user's program, times its steps, and ends it after enough of them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import NoReturn

from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import ProgramReport
from testbed.orders.timed import RUN_TIMED, TimedOrders
from testbed.worker.device_memory import memory_of_replicas
from testbed.worker.timing.timed_steps import TimedSteps
from testbed.worker.user_code.own_code import own_code
from testbed.worker.user_code.program import end_program, outcome
from testbed.worker.user_code.unreplicated import own_devices
from testbed.worker.watching.library_names import BlindError


@RUN_TIMED.implementation
def run_timed(orders: TimedOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker as the orders say, and time its steps."""

    def enough() -> NoReturn:
        """End the program, whose timed steps are over."""
        channel.phase("finished")
        end = ProgramReport(0, "", None, memory_of_replicas())
        end_program(orders.setup, channel, steps.report(end))

    steps = TimedSteps(orders, enough)
    devices = own_devices() if orders.all_devices else contextlib.nullcontext()
    with own_code(orders.setup, channel, exit_code_counts=True):
        try:
            with devices, steps.timing():
                end = replace(outcome(orders.program), memory=memory_of_replicas())
        except BlindError as problem:
            why = f"steps cannot be timed with this TensorFlow: {problem}"
            end = ProgramReport(1, why, None, None)
    end_program(orders.setup, channel, steps.report(end))
