"""Events of a user's program: hooks emit them, and watchers subscribe to them in order."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, ParamSpec

from testbed.check.observations.blind_spot import BlindSpot
from testbed.check.observations.watch_failure import WatchFailure

Arguments = ParamSpec("Arguments")

# The text of an exception may contain a whole dataset.
_LONGEST_PROBLEM = 200
# The limit of different problems; further ones are counted together.
_PROBLEMS = 50


class WatchLog:
    """The time that watching took, its failures and its blind spots, so that none is silent."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Spent in watchers, over all threads."""
        self._blind: list[tuple[BlindSpot, str]] = []
        self._failures: Counter[tuple[str, str]] = Counter()

    def failed(self, watcher: str, problem: BaseException) -> None:
        """Count an exception of a watcher or a hook; it does not reach the user's program."""
        text = _in_a_line(problem)
        if len(self._failures) >= _PROBLEMS and (watcher, text) not in self._failures:
            text = "further problems"
        self._failures[watcher, text] += 1

    def blind(self, spot: BlindSpot, *, once_imported: str = "") -> None:
        """Keep what cannot be seen; with the name of a package only if that is imported later."""
        self._blind.append((spot, once_imported))

    def sees(self, spot: BlindSpot) -> None:
        """Take back what was kept by `blind`."""
        self._blind = [each for each in self._blind if each[0] != spot]

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """The kinds of events that the libraries of this process do not show."""
        return tuple(spot for spot, package in self._blind if not package or package in sys.modules)

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
    """All events of one worker: each annotated attribute is one."""

    strategy_created: Event[[Any]]
    """A MirroredStrategy or MultiWorkerMirroredStrategy was created."""
    config_changes: Event[[str | None]]
    """Before TF_CONFIG changes: its new value; None if it is removed."""
    scope_entered: Event[[Any]]
    """This thread has entered a strategy's scope, by a context manager."""
    scope_left: Event[[Any]]
    """This thread is about to leave a strategy's scope."""
    variable_requested: Event[[Any, Any]]
    """`tf.Variable(...)` was called: its name, and its initial value or a function for it."""
    variable_created: Event[[Any]]
    """A variable was created, or a distributed one over several created just before."""
    variable_scope_entered: Event[[Any, Any, Any]]
    """A `tf.compat.v1.variable_scope` was entered: the scope, the scopes from which it
    inherits, and the program's argument `reuse`."""
    variable_by_name: Event[[Any, tuple[Any, str], Any]]
    """Eager `tf.compat.v1.get_variable` has returned: the scope, store and name, variable."""
    operation: Event[[str, Any, Any]]
    """This thread, or a replica of it, ran or traced an operation: type, inputs, outputs."""
    operation_replayed: Event[[str, Any]]
    """A trace that contains this operation is run: type, and inputs with the captured ones."""
    step_begins: Event[[]]
    """A step is about to begin, and no other one runs."""
    run_begins: Event[[Any, Callable[..., Any]]]
    """`strategy.run` is called: strategy and replica function."""
    run_arguments: Event[[Any, Callable[..., Any], Any]]
    """After `run_begins`: the arguments of the replica function."""
    run_result: Event[[Any]]
    """Before `run_ends`: the result of `strategy.run`; None if it raised."""
    run_ends: Event[[Any, Callable[..., Any]]]
    """`strategy.run` has returned or raised."""
    replica_pauses: Event[[int]]
    """A replica of this worker has ended its function, or waits for the others within it."""
    replicas_meet: Event[[Any]]
    """A replica calls `merge_call`: the variable concerned, or None."""
    replica_id_read: Event[[]]
    """Code other than TensorFlow's reads `replica_id_in_sync_group`."""
    function_called: Event[[Any, Any, Any]]
    """A tf.function is about to be called: the function, args, kwargs."""
    function_returned: Event[[Any]]
    """A tf.function has returned: its result; None if it raised."""
    auto_sharded: Event[[Any, int, int]]
    """TensorFlow divides a dataset among workers: the dataset, how many, and which this is."""
    step_failed: Event[[]]
    """After `run_ends` or `function_returned`: a step has met the end of its data."""
    python_called: Event[[Callable[..., Any]]]
    """A Python function is called from a graph, as by tf.py_function."""
    text_hashed: Event[[FrameType, Any, int]]
    """The user's code has called `hash`: its frame, a text or a tuple with a text, the hash."""
    gradient: Event[[Any, Any, Any]]
    """A tape has computed gradients: sources, gradients, and the target."""
    fit_called: Event[[int]]
    """`fit` of Keras 3 is called with arrays: the size of the batches that it makes."""
    gradients_clipped: Event[[Any, Any]]
    """An optimizer of Keras 3 is about to clip, or not, as it is set: optimizer, gradients."""
    reduced_in_replica: Event[[Any]]
    """A replica has called `all_reduce`, other than from Keras: its result."""
    truth_tested: Event[[Any]]
    """Python tests the truth of an object with several values, which is always true."""
    reduced: Event[[str, Any]]
    """Values of replicas are about to be reduced by `SUM` or `MEAN`, or gathered (`GATHER`)."""
    reduction: Event[[Any]]
    """`strategy.reduce` has returned: its result."""
    collective: Event[[str, Any]]
    """Values of all replicas, and so of all workers, are about to be combined."""
    file_used: Event[[str, Any]]
    """A file is about to be used: kind, as in `FileUse`, and path."""
    file_lock: Event[[int]]
    """Python locks or unlocks a file: the operation, as `fcntl.flock` takes it."""

    def __init__(self) -> None:
        self.log = WatchLog()
        for name in Events.__annotations__:
            setattr(self, name, Event(self.log))
