"""Hooks into TensorFlow to observe the user's program.

No hook changes a result. An exception of a hook or a watcher does not reach the program; it is
counted. Like the probes, the hooks touch private TensorFlow: each use says why there is no public
way, and on which version it was seen to work.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.distribute import distribute_lib, mirrored_run
from tensorflow.python.distribute import values as distributed_values
from tensorflow.python.eager.polymorphic_function import concrete_function, polymorphic_function
from tensorflow.python.ops import resource_variable_ops, script_ops

from testbed.worker.probes import observing_ops, replica_number
from testbed.worker.watching.events import Events, WatchLog
from testbed.worker.watching.stack import is_authors, mapping_sources

Hook = contextlib.AbstractContextManager[None]
Method = Callable[..., Any]

_CALLING = ("PartitionedCall", "StatefulPartitionedCall")


@contextlib.contextmanager
def _replaced(owner: Any, name: str, make: Callable[[Method], Method]) -> Iterator[None]:
    """Have what is made of a function or method in its place."""
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(make(original)))
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def _counted(log: WatchLog, owner: Any, name: str) -> Iterator[None]:
    """Count an exception in the block instead of raising it in the user's program."""
    try:
        yield
    except Exception as problem:
        log.failed(f"the hook of {getattr(owner, '__name__', owner)}.{name}", problem)


def _before(events: Events, owner: Any, name: str, told: Callable[..., None]) -> Hook:
    """Tell with which arguments, itself the first, a method is about to be called."""

    def make(original: Method) -> Method:
        def method(*args: Any, **kwargs: Any) -> Any:
            with _counted(events.log, owner, name):
                told(*args, **kwargs)
            return original(*args, **kwargs)

        return method

    return _replaced(owner, name, make)


def _after(events: Events, owner: Any, name: str, told: Callable[..., None]) -> Hook:
    """Tell what a method has returned, and with which arguments it was called."""

    def make(original: Method) -> Method:
        def method(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            with _counted(events.log, owner, name):
                told(result, *args, **kwargs)
            return result

        return method

    return _replaced(owner, name, make)


def _owner_of(kind: type, name: str) -> type:
    return next(each for each in kind.__mro__ if name in vars(each))


@contextlib.contextmanager
def _births(events: Events) -> Iterator[None]:
    """Private: every variable, whoever makes it, is one of these two classes; a creator scope sees
    only what is made below it, and has not what the author gave. Seen on TensorFlow 2.21."""

    def asked(kind: Any, *args: Any, **kwargs: Any) -> None:
        if kind is tf.Variable:
            events.variable_requested(
                kwargs.get("name"), args[0] if args else kwargs.get("initial_value")
            )

    def born(_: Any, variable: Any, *__: Any, **___: Any) -> None:
        events.variable_created(variable)

    def made(_: Any, strategy: Any, *__: Any, **___: Any) -> None:
        events.strategy_created(strategy)

    kinds = (resource_variable_ops.BaseResourceVariable, distributed_values.DistributedVariable)
    strategies = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
    with contextlib.ExitStack() as hooked:
        hooked.enter_context(_before(events, type(tf.Variable), "__call__", asked))
        for kind in kinds:
            hooked.enter_context(_after(events, kind, "__init__", born))
        for kind in strategies:
            hooked.enter_context(_after(events, kind, "__init__", made))
        yield


@contextlib.contextmanager
def _scopes(events: Events) -> Iterator[None]:
    """Private: the context manager that `strategy.scope()` returns has no public name. Seen on
    TensorFlow 2.21."""
    kind = distribute_lib._CurrentDistributionContext

    def entered(_: Any, scope: Any) -> None:
        events.scope_entered(scope)

    def left(scope: Any, *_: Any) -> None:
        events.scope_left(scope)

    with (
        _after(events, kind, "__enter__", entered),
        _before(events, kind, "__exit__", left),
    ):
        yield


@contextlib.contextmanager
def _truths(events: Events) -> Iterator[None]:
    """Private: `PerReplica` has no public name. Neither class says what its truth is, so that
    Python takes it for true. Seen on TensorFlow 2.21."""

    def truth(self: Any) -> bool:
        with _counted(events.log, type(self), "__bool__"):
            # TensorFlow asks, too, and means whether there is one.
            if is_authors(sys._getframe(1).f_code.co_filename):
                events.truth_tested(self)
        return True

    owners = [
        kind
        for kind in (distributed_values.PerReplica, distributed_values.DistributedVariable)
        if not hasattr(kind, "__bool__") and not hasattr(kind, "__len__")
    ]
    for owner in owners:
        owner.__bool__ = truth
    try:
        yield
    finally:
        for owner in owners:
            del owner.__bool__


def _runs(events: Events) -> Hook:
    def make(original: Method) -> Method:
        def run(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
            events.run_begins(self, fn)
            events.run_arguments(self, fn, (args, kwargs))
            result = None
            try:
                result = original(self, fn, *args, **kwargs)
                return result
            finally:
                events.run_result(result)
                events.run_ends(self, fn)

        return run

    return _replaced(_owner_of(tf.distribute.Strategy, "run"), "run", make)


def _turns(events: Events) -> Hook:
    """Private: replicas of one worker take turns, and no public call tells when one has ended: its
    thread sets `has_paused`, in `merge_call` and at its end. Seen on TensorFlow 2.21."""

    def made(_: Any, thread: Any, *__: Any, **___: Any) -> None:
        original = thread.has_paused.set

        def pause() -> None:
            events.replica_pauses(thread.replica_id)
            original()

        thread.has_paused.set = pause

    return _after(events, mirrored_run._MirroredReplicaThread, "__init__", made)


def _calls(events: Events) -> Hook:
    """Private: the class of tf.functions has no public name. Seen on TensorFlow 2.21."""

    def make(original: Method) -> Method:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            events.function_called(self, args, kwargs)
            result = None
            try:
                result = original(self, *args, **kwargs)
                return result
            finally:
                events.function_returned(result)

        return call

    return _replaced(polymorphic_function.Function, "__call__", make)


def _replays(events: Events) -> Hook:
    """Private: a function that was traced before shows no operations when it is called, and what it
    holds is in its graph alone. Seen on TensorFlow 2.21."""

    def told(function: Any, *_: Any, **__: Any) -> None:
        if tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
            _tell_replayed(function.graph, events.operation_replayed)

    return _before(events, concrete_function.ConcreteFunction, "_call_flat", told)


def _tell_replayed(graph: Any, told: Callable[[str, Any], None]) -> None:
    captured = {id(inner): outer for outer, inner in graph.captures}
    waiting = [(graph, captured)]
    while waiting:
        graph, captured = waiting.pop()
        for operation in graph.get_operations():
            inputs = list(operation.inputs)
            if operation.type in _CALLING:
                called = graph._get_function(operation.get_attr("f").name).graph
                pairs = zip(called.inputs, inputs, strict=False)
                known = {id(i): captured[id(o)] for i, o in pairs if id(o) in captured}
                waiting.append((called, known))
            elif inputs and id(inputs[0]) in captured:
                told(operation.type, [captured[id(inputs[0])], *inputs[1:]])


def _meetings(events: Events) -> Hook:
    def told(_: Any, merge_fn: Any, *__: Any, **___: Any) -> None:
        held = [cell.cell_contents for cell in getattr(merge_fn, "__closure__", None) or ()]
        events.replicas_meet(next((each for each in held if isinstance(each, tf.Variable)), None))

    return _before(
        events, _owner_of(tf.distribute.ReplicaContext, "merge_call"), "merge_call", told
    )


def _gradients(events: Events) -> Hook:
    def told(found: Any, _: Any, target: Any, sources: Any, *__: Any, **___: Any) -> None:
        events.gradient(sources, found)

    return _after(events, tf.GradientTape, "gradient", told)


@contextlib.contextmanager
def _collectives(events: Events) -> Iterator[None]:
    """The operations themselves run in threads that know nothing of the author's code.

    Private: only `_use_merge_call` tells whether `all_reduce` goes on to one of the two others.
    Seen on TensorFlow 2.21.
    """

    def all_reduce(_: Any, __: Any, value: Any, *___: Any, **____: Any) -> None:
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
        _before(events, tf.distribute.ReplicaContext, "all_reduce", all_reduce),
        _before(events, owner, "reduce", reduce),
        _before(events, owner, "batch_reduce", batch_reduce),
    ):
        yield


@contextlib.contextmanager
def _reductions(events: Events) -> Iterator[None]:
    def reduced(_: Any, reduce_op: Any, value: Any, *__: Any, **___: Any) -> None:
        events.reduced(str(getattr(reduce_op, "name", reduce_op)).upper(), value)

    def gathered(_: Any, value: Any, *__: Any, **___: Any) -> None:
        events.reduced("GATHER", value)

    kind = tf.distribute.Strategy
    with (
        _before(events, _owner_of(kind, "reduce"), "reduce", reduced),
        _before(events, _owner_of(kind, "gather"), "gather", gathered),
    ):
        yield


@contextlib.contextmanager
def _numbers(events: Events) -> Iterator[None]:
    """Who asks for a replica's number lets the replicas do different things."""
    name = "replica_id_in_sync_group"
    owner = _owner_of(tf.distribute.ReplicaContext, name)
    original = vars(owner)[name]

    def asked(self: Any) -> Any:
        with _counted(events.log, owner, name):
            if "/tensorflow/python/" not in sys._getframe(1).f_code.co_filename:
                events.replica_id_read()
        return original.__get__(self)

    setattr(owner, name, property(asked, doc=original.__doc__))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _python_calls(events: Events) -> Hook:
    """Private: AutoGraph would convert what is put in the place of the public tf.py_function and
    tf.numpy_function; both go through this one. Seen on TensorFlow 2.21."""

    def told(func: Any, *_: Any, **__: Any) -> None:
        events.python_called(func)

    return _before(events, script_ops, "_internal_py_func", told)


_HOOKS: tuple[Callable[[Events], Hook], ...] = (
    _births,
    _scopes,
    _truths,
    _runs,
    _turns,
    _calls,
    _replays,
    _meetings,
    _gradients,
    _collectives,
    _reductions,
    _numbers,
    _python_calls,
)


@contextlib.contextmanager
def watching(events: Events) -> Iterator[None]:
    """Emit the events of all that happens in the block."""
    with contextlib.ExitStack() as hooked:
        for hook in _HOOKS:
            hooked.enter_context(hook(events))
        hooked.enter_context(mapping_sources())
        hooked.enter_context(observing_ops(events.operation))
        yield
