"""Times the steps of a program: calls of `strategy.run`, or of a tf.function around it."""

from __future__ import annotations

import contextlib
import inspect
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from testbed.check.observations.source_line import SourceLine
from testbed.orders.timed import TimedStep
from testbed.worker.watching.replacing import Method, replaced
from testbed.worker.watching.stack import author_place


@dataclass
class _Open:
    """The step that is being timed, up to the beginning of the next one."""

    since_epoch: float
    begin: float
    worked: float
    """CPU time of the process until then."""
    called: float = 0.0
    waited: float = 0.0
    fetched: float = 0.0
    traced: float = 0.0
    fetches: set[SourceLine] = field(default_factory=set)


class _Outermost(threading.local):
    """The outermost call of a tf.function in this thread."""

    depth: int = 0
    function: Any = None
    begin: float = 0.0


class StepClock:
    """Times steps, and ends the program after enough of them.

    Args:
        warm: how many first steps are not timed.
        steps: how many steps are timed.
        enough: called in the main thread, before a further step; it does not return.
        begins: called when a step begins, with its number from 0, its tf.function (None without
            one), and what it is called with.
        traced: called when `strategy.run` is traced, with the outermost tf.function.
    """

    def __init__(
        self,
        warm: int,
        steps: int,
        enough: Callable[[], object],
        begins: Callable[[int, Any, Sequence[Any]], object],
        traced: Callable[[Any], object] = lambda function: None,
    ) -> None:
        self._warm, self._enough, self._begins, self._traced = warm, enough, begins, traced
        self._limit = warm + steps
        self._call = _Outermost()
        self._kind = type(tf.function(lambda: None))
        self._around: weakref.WeakSet[Any] = weakref.WeakSet()
        """The tf.functions in which `strategy.run` was traced."""
        self._begun = 0
        self._open: _Open | None = None
        self.steps: list[TimedStep] = []
        self.place: SourceLine | None = None
        self.strategy: Any = None
        self.is_eager = False
        self.traced: SourceLine | None = None
        self._fetches: Counter[SourceLine] = Counter()

    @property
    def fetches(self) -> tuple[SourceLine, ...]:
        """The lines that fetched a value in most of the steps."""
        return tuple(
            line for line, steps in self._fetches.items() if 2 * steps > len(self.steps) > 0
        )

    def waited(self, seconds: float) -> None:
        """Add time that the program waited for its input."""
        if self._open and not self._call.depth:
            self._open.waited += seconds

    def fetched(self, seconds: float) -> None:
        """Add time that the program copied a value to Python."""
        if self._open and not self._call.depth:
            self._open.fetched += seconds
            here = author_place()
            if here.place and not here.libraries:
                self._open.fetches.add(here.place)

    def was_traced(self, function: Any, seconds: float) -> None:
        """Add the time of a trace of a tf.function."""
        if self._open:
            self._open.traced += seconds
            code = getattr(inspect.unwrap(function), "__code__", None)
            if code is not None and self._begun > self._warm:
                self.traced = SourceLine(code.co_filename, code.co_firstlineno, code.co_name)

    def _begin(self, function: Any, arguments: Sequence[Any]) -> None:
        """A step begins: the one before it is over."""
        now = time.perf_counter()
        if self._open is not None:
            self._close(now)
        if self._begun == self._limit and threading.current_thread() is threading.main_thread():
            self._enough()
        self._begins(self._begun, function, arguments)
        self._begun += 1
        if self.place is None:
            self.place = author_place().place
        self._open = _Open(time.time(), time.perf_counter(), time.process_time())

    def _close(self, now: float) -> None:
        step = self._open
        if step is None or not self._warm < self._begun <= self._limit:
            return
        self._fetches.update(step.fetches)
        self.steps.append(
            TimedStep(
                step.since_epoch,
                now - step.begin,
                step.called,
                step.waited,
                step.fetched,
                step.traced,
                time.process_time() - step.worked,
            )
        )

    def _called(self, begin: float) -> None:
        if self._open is not None:
            self._open.called += time.perf_counter() - begin

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Time the steps of the block."""
        extended = tf.compat.v1.distribute.StrategyExtended
        with (
            replaced(self._kind, "__call__", self._function),
            replaced(extended, "call_for_each_replica", self._run),
        ):
            yield

    def _function(self, original: Method) -> Method:
        def method(function: Any, *args: Any, **kwargs: Any) -> Any:
            call = self._call
            if call.depth or tf.inside_function() or _in_replica():
                return original(function, *args, **kwargs)
            if function in self._around:
                self._begin(function, args)
            call.depth, call.function, call.begin = 1, function, time.perf_counter()
            try:
                return original(function, *args, **kwargs)
            finally:
                call.depth, call.function = 0, None
                if function in self._around:
                    self._called(call.begin)

        return method

    def _run(self, original: Method) -> Method:
        def method(extended: Any, function: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.strategy = extended
            call = self._call
            if call.depth or tf.inside_function():
                if call.function is not None and call.function not in self._around:
                    self._around.add(call.function)
                    self._begin(call.function, args)
                if call.function is not None and tf.inside_function():
                    self._traced(call.function)
                return original(extended, function, args, kwargs)
            # MirroredStrategy itself calls a tf.function for all replicas in one tf.function.
            self.is_eager = not isinstance(function, self._kind)
            self._begin(None, args)
            call.depth, begin = 1, time.perf_counter()
            try:
                return original(extended, function, args, kwargs)
            finally:
                call.depth = 0
                self._called(begin)

        return method


def _in_replica() -> bool:
    return tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context()
