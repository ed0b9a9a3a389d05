"""Runs the user's program without replication: each strategy is TensorFlow's default strategy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

import tensorflow as tf

from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import RUN_UNREPLICATED, CheckedReport, ProgramOrders
from testbed.worker.user_code.own_code import own_code
from testbed.worker.user_code.program import end_program, outcome
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.watchers import Watchers

_REPLICATING = (
    tf.distribute.MirroredStrategy,
    tf.compat.v1.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
)


@RUN_UNREPLICATED.implementation
def run_unreplicated(orders: ProgramOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker without replication, and watch it."""
    end_program(orders.setup, channel, _watched(orders, channel))


def _watched(orders: ProgramOrders, channel: Channel) -> CheckedReport:
    with own_code(orders.setup, channel, exit_code_counts=True), _default_strategy():
        watchers = Watchers(orders.setup.place.worker, replicas=1)
        with watching(watchers.events):
            end = outcome(orders.program)
        seconds = round(watchers.events.log.seconds, 3)
        return CheckedReport(
            end.code, end.raised, end.error, watchers.observations(None, ()), seconds
        )


@contextlib.contextmanager
def _default_strategy() -> Iterator[None]:
    """In the block, constructors return the default strategy, which replicates nothing."""
    default = tf.distribute.get_strategy()

    def made(*_: Any, **__: Any) -> tf.distribute.Strategy:
        return default

    for kind in _REPLICATING:
        kind.__new__ = made
    try:
        yield
    finally:
        for kind in _REPLICATING:
            del kind.__new__
