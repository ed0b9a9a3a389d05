"""Runs the user's program again, to compare it: with a single replica, or with copied batches."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Iterator
from typing import Any, NoReturn

import tensorflow as tf

from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import (
    RUN_UNREPLICATED,
    CheckedReport,
    ProgramReport,
    UnreplicatedOrders,
)
from testbed.worker.user_code import tf_config
from testbed.worker.user_code.copied_batches import copied_batches
from testbed.worker.user_code.own_code import own_code
from testbed.worker.user_code.program import end_program, outcome
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.parity.first_steps import FirstStepsRecorder
from testbed.worker.watching.watchers import Watchers

_REPLICATING = (
    tf.distribute.MirroredStrategy,
    tf.compat.v1.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.compat.v1.distribute.experimental.MultiWorkerMirroredStrategy,
)

_SEVERAL = ("devices", "cluster_resolver")


@RUN_UNREPLICATED.implementation
def run_unreplicated(orders: UnreplicatedOrders, channel: Channel) -> NoReturn:
    """Run a program in a worker as the orders say, and watch it."""
    end_program(orders.setup, channel, _watched(orders, channel))


def _watched(orders: UnreplicatedOrders, channel: Channel) -> CheckedReport:
    with own_code(orders.setup, channel, exit_code_counts=True), _changed(orders):
        watchers = Watchers(orders.setup.place.worker)

        def report(end: ProgramReport) -> CheckedReport:
            seconds = round(watchers.events.log.seconds, 3)
            seen = watchers.observations(None, ())
            return CheckedReport(**vars(end), seen=seen, watching=seconds, first=first.recorded())

        def stop() -> None:
            """End the program where its first steps are over."""
            channel.phase("finished")
            end_program(orders.setup, channel, report(ProgramReport(0, "", None, None)))

        enough = {"enough": stop} if orders.first_steps else {}
        first = FirstStepsRecorder(watchers.events, watchers.now, watchers.variables, **enough)
        with watching(watchers.events):
            end = outcome(orders.program)
        return report(end)


def _changed(orders: UnreplicatedOrders) -> contextlib.AbstractContextManager[None]:
    """What differs from the first run."""
    if orders.copies:
        return copied_batches()
    return _default_strategy() if orders.default else own_devices()


@contextlib.contextmanager
def own_devices() -> Iterator[None]:
    """In the block, strategies have all devices and workers of the started cluster."""
    given = os.environ.get(tf_config.NAME)
    with contextlib.ExitStack() as changed:
        for kind in _REPLICATING:
            changed.enter_context(_of_one(kind, given))
        yield


@contextlib.contextmanager
def _of_one(kind: Any, given: str | None) -> Iterator[None]:
    """Construct strategies without the arguments that name devices or a cluster.

    The program may have described a larger cluster in TF_CONFIG, which therefore becomes `given`.
    """
    original = kind.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        if given is not None:
            os.environ[tf_config.NAME] = given
        bound = signature.bind(self, *args, **kwargs)
        for name in _SEVERAL:
            bound.arguments.pop(name, None)
        original(*bound.args, **bound.kwargs)

    kind.__init__ = construct
    try:
        yield
    finally:
        kind.__init__ = original


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
