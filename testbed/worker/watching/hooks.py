"""Hooks into TensorFlow to observe the user's program.

No hook changes a result. An exception of a hook or a watcher does not reach the program; it is
counted. The private names that hooks need are in `library_names`. A hook that cannot work with the
installed libraries is not installed, and reported as a blind spot.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.probes import operations_on_captured, replica_number
from testbed.worker.watching.declared_hook import DeclaredHook, Proof, installed
from testbed.worker.watching.events import Events
from testbed.worker.watching.file_hooks import FILE_HOOKS
from testbed.worker.watching.keras_hooks import KERAS_HOOKS
from testbed.worker.watching.library_names import (
    AUTO_SHARD,
    AUTOGRAPH_TRACEBACKS,
    BATCH_SIZE,
    DISTRIBUTED_VARIABLE,
    OPERATION_SEED,
    PER_REPLICA,
    PYTHON_FUNCTION,
    REPLICA_THREAD,
    RUNTIME_START,
    SCOPE_ENTERED,
    SCOPE_LEFT,
    TRACED_CALL,
    TRANSPILER,
    USE_MERGE_CALL,
    VARIABLE,
)
from testbed.worker.watching.operation_hook import OPERATIONS
from testbed.worker.watching.python_hooks import text_hashes
from testbed.worker.watching.python_state.object_graph import closure_of
from testbed.worker.watching.replacing import (
    Hook,
    Method,
    after,
    before,
    counted,
    owner_of,
    replaced,
)
from testbed.worker.watching.stack import is_authors, mapping_sources
from testbed.worker.watching.v1_hooks import V1_HOOKS


@contextlib.contextmanager
def _creations(events: Events) -> Iterator[None]:
    """Emits `variable_requested`, `variable_created` and `strategy_created`."""

    def requested(kind: Any, *args: Any, **kwargs: Any) -> None:
        if kind is tf.Variable:
            events.variable_requested(
                kwargs.get("name"), args[0] if args else kwargs.get("initial_value")
            )

    def variable_created(_: Any, variable: Any, *__: Any, **___: Any) -> None:
        events.variable_created(variable)

    def strategy_created(_: Any, strategy: Any, *__: Any, **___: Any) -> None:
        events.strategy_created(strategy)

    kinds = (VARIABLE.find(), DISTRIBUTED_VARIABLE.find())
    strategies = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
    with contextlib.ExitStack() as hooked:
        hooked.enter_context(before(events, type(tf.Variable), "__call__", requested))
        for kind in kinds:
            hooked.enter_context(after(events, kind, "__init__", variable_created))
        for kind in strategies:
            hooked.enter_context(after(events, kind, "__init__", strategy_created))
        yield


@contextlib.contextmanager
def _scopes(events: Events) -> Iterator[None]:
    """Emits `scope_entered` and `scope_left`."""

    def entered(_: Any, scope: Any) -> None:
        events.scope_entered(scope)

    def left(scope: Any, *_: Any) -> None:
        events.scope_left(scope)

    with (
        after(events, *SCOPE_ENTERED.owner(), entered),
        before(events, *SCOPE_LEFT.owner(), left),
    ):
        yield


@contextlib.contextmanager
def _truth_tests(events: Events) -> Iterator[None]:
    """Emits `truth_tested`. Neither class defines `__bool__`: Python takes each value for true."""

    def truth(self: Any) -> bool:
        with counted(events.log, type(self), "__bool__"):
            # TensorFlow tests the truth, too, to find out whether a value exists.
            if is_authors(sys._getframe(1).f_code.co_filename):
                events.truth_tested(self)
        return True

    owners = [
        kind
        for kind in (PER_REPLICA.find(), DISTRIBUTED_VARIABLE.find())
        if not hasattr(kind, "__bool__") and not hasattr(kind, "__len__")
    ]
    for owner in owners:
        owner.__bool__ = truth
    try:
        yield
    finally:
        for owner in owners:
            del owner.__bool__


# Loops end by these, so what such a step left undone is no mistake. After any other error that the
# program survives, copies that differ are one.
_END_OF_DATA = (tf.errors.OutOfRangeError, StopIteration)


def _runs(events: Events) -> Hook:
    """Emits the events of `strategy.run`, and `step_failed`."""

    def make(original: Method) -> Method:
        def run(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
            events.run_begins(self, fn)
            events.run_arguments(self, fn, (args, kwargs))
            result, ended = None, False
            try:
                result = original(self, fn, *args, **kwargs)
                return result
            except _END_OF_DATA:
                ended = True
                raise
            finally:
                events.run_result(result)
                events.run_ends(self, fn)
                if ended:
                    events.step_failed()

        return run

    return replaced(owner_of(tf.distribute.Strategy, "run"), "run", make)


def _replica_pauses(events: Events) -> Hook:
    """Emits `replica_pauses`."""

    def thread_created(_: Any, thread: Any, *__: Any, **___: Any) -> None:
        original = thread.has_paused.set

        def pause() -> None:
            events.replica_pauses(thread.replica_id)
            original()

        thread.has_paused.set = pause

    return after(events, *REPLICA_THREAD.owner(), thread_created)


def _calls(events: Events) -> Hook:
    """Emits `function_called`, `function_returned` and `step_failed`."""

    def make(original: Method) -> Method:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            events.function_called(self, args, kwargs)
            result, ended = None, False
            try:
                result = original(self, *args, **kwargs)
                return result
            except _END_OF_DATA:
                ended = True
                raise
            finally:
                events.function_returned(result)
                if ended:
                    events.step_failed()

        return call

    return replaced(type(tf.function(lambda: None)), "__call__", make)


def _replays(events: Events) -> Hook:
    """Emits `operation_replayed`."""

    def called(function: Any, *_: Any, **__: Any) -> None:
        if tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
            operations_on_captured(function.graph, events.operation_replayed)

    return before(events, *TRACED_CALL.owner(), called)


def _merge_calls(events: Events) -> Hook:
    """Emits `replicas_meet`."""

    def called(_: Any, merge_fn: Any, *__: Any, **___: Any) -> None:
        held = (each for _, each in closure_of(merge_fn))
        events.replicas_meet(next((each for each in held if isinstance(each, tf.Variable)), None))

    return before(
        events, owner_of(tf.distribute.ReplicaContext, "merge_call"), "merge_call", called
    )


def _gradients(events: Events) -> Hook:
    """Emits `gradient`."""

    def computed(found: Any, _: Any, target: Any, sources: Any, *__: Any, **___: Any) -> None:
        events.gradient(sources, found, target)

    return after(events, tf.GradientTape, "gradient", computed)


@contextlib.contextmanager
def _collectives(events: Events) -> Iterator[None]:
    """Emits `collective`. The operations run in threads whose stack has no line of the user's code.

    Only `_use_merge_call` shows whether `all_reduce` calls one of the two others.
    """

    def all_reduce(_: Any, __: Any, value: Any, *___: Any, **____: Any) -> None:
        if not tf.distribute.has_strategy():
            return  # An optimizer sums up its gradients even there.
        extended = tf.distribute.get_strategy().extended
        first = replica_number() % len(extended.worker_devices) == 0
        if first and not extended._use_merge_call():
            events.collective("all_reduce", value)

    def reduce(_: Any, __: Any, value: Any, *___: Any, **____: Any) -> None:
        events.collective("reduce", value)

    def batch_reduce(_: Any, __: Any, pairs: Any, *___: Any, **____: Any) -> None:
        events.collective("batch_reduce", pairs)

    owner = tf.distribute.CrossDeviceOps
    with (
        before(events, tf.distribute.ReplicaContext, "all_reduce", all_reduce),
        before(events, owner, "reduce", reduce),
        before(events, owner, "batch_reduce", batch_reduce),
    ):
        yield


@contextlib.contextmanager
def _reductions(events: Events) -> Iterator[None]:
    """Emits `reduced` and `reduction`."""

    def reduced(_: Any, reduce_op: Any, value: Any, *__: Any, **___: Any) -> None:
        events.reduced(str(getattr(reduce_op, "name", reduce_op)).upper(), value)

    def gathered(_: Any, value: Any, *__: Any, **___: Any) -> None:
        events.reduced("GATHER", value)

    def returned(result: Any, *_: Any, **__: Any) -> None:
        # Two frames up is the caller. Reading an ON_READ variable reduces, too.
        if "/distribute/values" not in sys._getframe(2).f_code.co_filename:
            events.reduction(result)

    kind = tf.distribute.Strategy
    with (
        before(events, owner_of(kind, "reduce"), "reduce", reduced),
        after(events, owner_of(kind, "reduce"), "reduce", returned),
        before(events, owner_of(kind, "gather"), "gather", gathered),
    ):
        yield


@contextlib.contextmanager
def _replica_ids(events: Events) -> Iterator[None]:
    """Emits `replica_id_read`: code that reads the number may make replicas behave differently."""
    name = "replica_id_in_sync_group"
    owner = owner_of(tf.distribute.ReplicaContext, name)
    original = vars(owner)[name]

    def read(self: Any) -> Any:
        with counted(events.log, owner, name):
            if "/tensorflow/python/" not in sys._getframe(1).f_code.co_filename:
                events.replica_id_read()
        return original.__get__(self)

    setattr(owner, name, property(read, doc=original.__doc__))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _auto_shards(events: Events) -> Hook:
    """Emits `auto_sharded`."""

    def sharded(_: Any, dataset: Any, workers: int, worker: int, *__: Any, **___: Any) -> None:
        events.auto_sharded(dataset, workers, worker)

    return before(events, *AUTO_SHARD.owner(), sharded)


def _python_calls(events: Events) -> Hook:
    """Emits `python_called`."""

    def called(func: Any, *_: Any, **__: Any) -> None:
        events.python_called(func)

    return before(events, *PYTHON_FUNCTION.owner(), called)


def _make_variable() -> None:
    with tf.Graph().as_default():
        tf.Variable(0.0)


def _nothing(_: Events) -> Hook:
    return contextlib.nullcontext()


HOOKS = (
    DeclaredHook(
        "variables and strategies that are created",
        _creations,
        (VARIABLE, DISTRIBUTED_VARIABLE),
        Proof("variable_created", _make_variable),
    ),
    *V1_HOOKS,
    DeclaredHook("scopes of strategies", _scopes, (SCOPE_ENTERED, SCOPE_LEFT)),
    DeclaredHook(
        "truth tests of per-replica values", _truth_tests, (PER_REPLICA, DISTRIBUTED_VARIABLE)
    ),
    DeclaredHook("calls of strategy.run", _runs),
    DeclaredHook("ends of replicas within a step", _replica_pauses, (REPLICA_THREAD,)),
    DeclaredHook("calls of tf.functions", _calls),
    DeclaredHook("operations of functions that were traced before", _replays, (TRACED_CALL,)),
    DeclaredHook("calls of merge_call", _merge_calls),
    DeclaredHook("gradients of tf.GradientTape", _gradients),
    DeclaredHook("collectives", _collectives, (USE_MERGE_CALL,)),
    # After `_collectives`, because it looks for the caller of `all_reduce`.
    *KERAS_HOOKS,
    DeclaredHook("calls of strategy.reduce and strategy.gather", _reductions),
    DeclaredHook("reads of replica_id_in_sync_group", _replica_ids),
    DeclaredHook("datasets that TensorFlow divides among workers", _auto_shards, (AUTO_SHARD,)),
    DeclaredHook("Python functions that graphs call", _python_calls, (PYTHON_FUNCTION,)),
    *FILE_HOOKS,
    DeclaredHook(
        "lines of code that AutoGraph generates",
        lambda _: mapping_sources(),
        (TRANSPILER, AUTOGRAPH_TRACEBACKS),
    ),
    # These are used apart from the events, by code that does without a name that is missing.
    DeclaredHook("starts of TensorFlow's runtime", _nothing, (RUNTIME_START,)),
    DeclaredHook("seeds of random operations", _nothing, (OPERATION_SEED,)),
    DeclaredHook("batch sizes of datasets", _nothing, (BATCH_SIZE,)),
    OPERATIONS,
)
"""All hooks into libraries, in the order in which they are installed."""


@contextlib.contextmanager
def watching(events: Events, salt: int | None = None) -> Iterator[None]:
    """Emit the events of everything that happens in the block.

    Args:
        events: of the program.
        salt: for the hashes of texts that the program computes; None: do not observe them.
    """
    hashes = text_hashes(events, salt) if salt is not None else contextlib.nullcontext()
    with hashes, installed(HOOKS, events):
        yield
