"""Counts the steps of the user's program, without adding frames to its tracebacks.

A step is a call of `strategy.run`, or of a tf.function around it. Both are counted when Python
looks up the method that is about to be called: what the lookup returns is TensorFlow's own method.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.launcher.cluster.step_count import StepCount


class _Lookup:
    """Replaces a method in its class, and calls `notify` when the method is looked up."""

    def __init__(self, method: Any, notify: Callable[[Any], None]) -> None:
        self._method = method
        self._notify = notify

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is not None:
            self._notify(instance)
        return self._method.__get__(instance, owner)


class _Call(threading.local):
    """The current or last outermost call of a tf.function in this thread."""

    function: Any = None
    counted: bool = False


class _Counter:
    def __init__(self, count: StepCount) -> None:
        self._count = count
        self._call = _Call()
        self._around: weakref.WeakSet[Any] = weakref.WeakSet()
        """The tf.functions in which `strategy.run` was traced."""

    def function_called(self, function: Any) -> None:
        """A tf.function is about to be called."""
        if tf.inside_function():
            if function in self._around:
                self._run_is_traced()
            return
        if tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
            # A replica calls it as a part of a step.
            return
        self._call.function = function
        self._call.counted = function in self._around
        if self._call.counted:
            self._count.begin()
        else:
            self._count.other()

    def run_called(self, _: Any) -> None:
        """`strategy.run` is about to call the replica function."""
        if tf.inside_function():
            self._run_is_traced()
        else:
            self._count.begin()

    def _run_is_traced(self) -> None:
        """Record that the current tf.function contains `strategy.run`."""
        if self._call.function is None:
            return
        self._around.add(self._call.function)
        if not self._call.counted:
            self._call.counted = True
            self._count.begin()


@contextlib.contextmanager
def counting_steps(details: dict[str, Any]) -> Iterator[None]:
    """Count the steps of the block; other processes can read the count meanwhile.

    Args:
        details: receive the count as `steps` at the end of the block.
    """
    try:
        count = StepCount()
    except OSError:
        # No descriptor or no memory for the count: the program runs without it.
        yield
        return
    counter = _Counter(count)
    methods = (
        (type(tf.function(lambda: None)), "__call__", counter.function_called),
        (tf.compat.v1.distribute.StrategyExtended, "call_for_each_replica", counter.run_called),
    )
    originals = [vars(owner)[name] for owner, name, _ in methods]
    for (owner, name, notify), original in zip(methods, originals, strict=True):
        setattr(owner, name, _Lookup(original, notify))
    try:
        yield
    finally:
        for (owner, name, _), original in zip(methods, originals, strict=True):
            setattr(owner, name, original)
        details["steps"] = count.begun
