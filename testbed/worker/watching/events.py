"""Events of a user's program: hooks emit them, and watchers subscribe to them in order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, ParamSpec

from testbed.check.watch_failure import WatchFailure

Arguments = ParamSpec("Arguments")

# The text of an exception may contain a whole dataset.
_LONGEST_PROBLEM = 200
# The limit of different problems; further ones are counted together.
_PROBLEMS = 50


class WatchLog:
    """The time that watching took, and its failures, so that no failure is silent."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Spent in watchers, over all threads."""
        self._failures: Counter[tuple[str, str]] = Counter()

    def failed(self, watcher: str, problem: BaseException) -> None:
        """Count an exception of a watcher or a hook; it does not reach the user's program."""
        text = _in_a_line(problem)
        if len(self._failures) >= _PROBLEMS and (watcher, text) not in self._failures:
            text = "further problems"
        self._failures[watcher, text] += 1

    @property
    def failures(self) -> tuple[WatchFailure, ...]:
        """Every different problem with its count, in the order in which they came."""
        return tuple(WatchFailure(*key, count) for key, count in self._failures.items())


def _in_a_line(problem: BaseException) -> str:
    name = type(problem).__name__
    try:
        text = str(problem)
    except Exception:
        return name
    return f"{name}: {text}".splitlines()[0][:_LONGEST_PROBLEM]


class Event(Generic[Arguments]):
    """One kind of event; an instance is called to emit it."""

    def __init__(self, log: WatchLog) -> None:
        self._log = log
        self._subscribers: list[tuple[str, Callable[Arguments, object]]] = []

    def subscribe(self, watcher: str, call: Callable[Arguments, object]) -> None:
        """Call `call` for each event, after the earlier subscribers.

        Args:
            watcher: a name for reports of failures, like `variables`.
            call: gets the arguments of the event. Its exceptions are counted, and not raised.
        """
        self._subscribers.append((watcher, call))

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Emit the event."""
        began = time.perf_counter()
        for watcher, call in self._subscribers:
            try:
                call(*args, **kwargs)
            except Exception as problem:
                self._log.failed(watcher, problem)
        self._log.seconds += time.perf_counter() - began


class Events:
    """All events of one worker."""

    def __init__(self) -> None:
        self.log = log = WatchLog()
        self.strategy_created: Event[[Any]] = Event(log)
        """A MirroredStrategy or MultiWorkerMirroredStrategy was created."""
        self.config_changes: Event[[str | None]] = Event(log)
        """Before TF_CONFIG changes: its new value; None if it is removed."""
        self.scope_entered: Event[[Any]] = Event(log)
        """This thread has entered a strategy's scope, by a context manager."""
        self.scope_left: Event[[Any]] = Event(log)
        """This thread is about to leave a strategy's scope."""
        self.variable_requested: Event[[Any, Any]] = Event(log)
        """`tf.Variable(...)` was called: its name, and its initial value or a function for it."""
        self.variable_created: Event[[Any]] = Event(log)
        """A variable was created, or a distributed one over several created just before."""
        self.variable_scope_entered: Event[[Any, Any, Any]] = Event(log)
        """A `tf.compat.v1.variable_scope` was entered: the scope, the scopes from which it
        inherits, and the program's argument `reuse`."""
        self.variable_by_name: Event[[Any, tuple[Any, str], Any]] = Event(log)
        """Eager `tf.compat.v1.get_variable` has returned: the scope, store and name, variable."""
        self.operation: Event[[str, Any, Any]] = Event(log)
        """This thread, or a replica of it, ran or traced an operation: type, inputs, outputs."""
        self.operation_replayed: Event[[str, Any]] = Event(log)
        """A trace that contains this operation is run: type, and inputs with the captured ones."""
        self.step_begins: Event[[]] = Event(log)
        """A step is about to begin, and no other one runs."""
        self.run_begins: Event[[Any, Callable[..., Any]]] = Event(log)
        """`strategy.run` is called: strategy and replica function."""
        self.run_arguments: Event[[Any, Callable[..., Any], Any]] = Event(log)
        """After `run_begins`: the arguments of the replica function."""
        self.run_result: Event[[Any]] = Event(log)
        """Before `run_ends`: the result of `strategy.run`; None if it raised."""
        self.run_ends: Event[[Any, Callable[..., Any]]] = Event(log)
        """`strategy.run` has returned or raised."""
        self.replica_pauses: Event[[int]] = Event(log)
        """A replica of this worker has ended its function, or waits for the others within it."""
        self.replicas_meet: Event[[Any]] = Event(log)
        """A replica calls `merge_call`: the variable concerned, or None."""
        self.replica_id_read: Event[[]] = Event(log)
        """Code other than TensorFlow's reads `replica_id_in_sync_group`."""
        self.function_called: Event[[Any, Any, Any]] = Event(log)
        """A tf.function is about to be called: the function, args, kwargs."""
        self.function_returned: Event[[Any]] = Event(log)
        """A tf.function has returned: its result; None if it raised."""
        self.auto_sharded: Event[[Any, int, int]] = Event(log)
        """TensorFlow divides a dataset among workers: the dataset, how many, and which this is."""
        self.step_failed: Event[[]] = Event(log)
        """After `run_ends` or `function_returned`: a step has met the end of its data."""
        self.python_called: Event[[Callable[..., Any]]] = Event(log)
        """A Python function is called from a graph, as by tf.py_function."""
        self.text_hashed: Event[[FrameType, Any, int]] = Event(log)
        """The user's code has called `hash`: its frame, a text or a tuple with a text, the hash."""
        self.gradient: Event[[Any, Any, Any]] = Event(log)
        """A tape has computed gradients: sources, gradients, and the target."""
        self.fit_called: Event[[int]] = Event(log)
        """`fit` of Keras 3 is called with arrays: the size of the batches that it makes."""
        self.gradients_clipped: Event[[Any, Any]] = Event(log)
        """An optimizer of Keras 3 is about to clip, or not, as it is set: optimizer, gradients."""
        self.reduced_in_replica: Event[[Any]] = Event(log)
        """A replica has called `all_reduce`, other than from Keras: its result."""
        self.truth_tested: Event[[Any]] = Event(log)
        """Python tests the truth of an object with several values, which is always true."""
        self.reduced: Event[[str, Any]] = Event(log)
        """Values of replicas are about to be reduced by `SUM` or `MEAN`, or gathered (`GATHER`)."""
        self.reduction: Event[[Any]] = Event(log)
        """`strategy.reduce` has returned: its result."""
        self.collective: Event[[str, Any]] = Event(log)
        """Values of all replicas, and so of all workers, are about to be combined."""
        self.file_used: Event[[str, Any]] = Event(log)
        """A file is about to be used: kind, as in `FileUse`, and path."""
        self.file_lock: Event[[int]] = Event(log)
        """Python locks or unlocks a file: the operation, as `fcntl.flock` takes it."""
