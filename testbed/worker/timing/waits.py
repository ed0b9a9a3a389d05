"""Times what a program does between its steps: it waits for input, fetches values, traces."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.timing.step_clock import StepClock
from testbed.worker.watching.library_names import (
    DISTRIBUTED_GET_NEXT,
    DISTRIBUTED_NEXT,
    EAGER_TENSOR,
    ITERATOR_NEXT,
    TRACE,
)
from testbed.worker.watching.replacing import Method, replaced

_FETCHES = ("numpy", "__float__", "__int__", "__bool__", "__array__", "__format__", "__str__")


@contextlib.contextmanager
def timing_waits(clock: StepClock) -> Iterator[None]:
    """Tell the clock about waits, fetched values and traces in the block.

    Raises:
        BlindError: this TensorFlow has no such private name.
    """
    with contextlib.ExitStack() as hooked:
        waiting = _Timed(clock.waited)
        for known in (ITERATOR_NEXT, DISTRIBUTED_NEXT, DISTRIBUTED_GET_NEXT):
            hooked.enter_context(replaced(*known.owner(), waiting.make))
        fetching = _Timed(clock.fetched)
        kind = EAGER_TENSOR.find()
        for name in _FETCHES:
            if name in vars(kind):
                hooked.enter_context(replaced(kind, name, fetching.make))
        hooked.enter_context(replaced(*TRACE.owner(), _traces(clock)))
        yield


class _Timed:
    """Adds up the time of the outermost call of several methods that may call each other."""

    def __init__(self, add: Callable[[float], None]) -> None:
        self._add = add
        self._is_open = False

    def make(self, original: Method) -> Method:
        def method(*args: Any, **kwargs: Any) -> Any:
            if self._is_open or tf.inside_function():
                return original(*args, **kwargs)
            self._is_open = True
            began = time.perf_counter()
            try:
                return original(*args, **kwargs)
            finally:
                self._is_open = False
                self._add(time.perf_counter() - began)

        return method


def _traces(clock: StepClock) -> Callable[[Method], Method]:
    def make(original: Method) -> Method:
        def traced(name: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
            # A branch or a loop within a tf.function is a part of its trace.
            if tf.inside_function():
                return original(name, function, *args, **kwargs)
            began = time.perf_counter()
            try:
                return original(name, function, *args, **kwargs)
            finally:
                clock.was_traced(function, time.perf_counter() - began)

        return traced

    return make
