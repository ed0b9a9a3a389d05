"""Watches somebody's own code: what TensorFlow does for it, told as it happens.

With `testbed.worker.probes` the only file that touches private TensorFlow; each use says why there
is no public way, and on which version it was seen to work. Nothing here changes a result, and no
exception of ours reaches the code that is watched.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import tensorflow as tf
from tensorflow.python.autograph.impl import api
from tensorflow.python.distribute import values as distributed_values
from tensorflow.python.eager.polymorphic_function import concrete_function, polymorphic_function
from tensorflow.python.ops import resource_variable_ops
from tensorflow.python.util import tf_stack

from testbed.check.seen import Place
from testbed.worker.probes import observing_ops, replica_number

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_GENERATED = "__autograph_generated_file"
_CALLING = ("PartitionedCall", "StatefulPartitionedCall")
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")


class Watch(Protocol):
    """Is told what happens."""

    def asked(self, name: Any, initial: Any) -> None:
        """Somebody asks for a variable of that name and initial value, which may be a function."""

    def taken_for_true(self, value: Any) -> None:
        """Python asks for the truth of what has several values, and takes it for true."""

    def born(self, variable: Any) -> None:
        """A variable is made, or what distributes several that were made just before."""

    def made(self, strategy: Any) -> None:
        """A strategy is made."""

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """This thread, or a replica that it started, runs an operation or adds it to a graph."""

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """`strategy.run` is called."""

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """It is over, whether it raised or not."""

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """A tf.function is about to be called."""

    def replayed(self, kind: str, inputs: Any) -> None:
        """A trace is run that holds this operation, on what it has captured."""

    def meets(self, what: Any) -> None:
        """A replica of several in this process comes to where all of them have to come.

        `what` is the variable that it is about, if it is about one.
        """

    def gradient(self, sources: Any, gradients: Any) -> None:
        """A tape has found these gradients of these sources."""

    def function_over(self, result: Any) -> None:
        """It has returned; without a result where it raised."""

    def run_given(self, strategy: Any, step: Callable[..., Any], arguments: Any) -> None:
        """What the replicas of the run that begins are given."""

    def run_over(self, result: Any) -> None:
        """What a run returned, before it ends; without a result where it raised."""

    def reduced(self, how: str, value: Any) -> None:
        """What replicas hold is about to be reduced by `SUM` or `MEAN`, or brought together by
        `GATHER`."""

    def replica_asked(self) -> None:
        """What is not TensorFlow asks for the number of a replica."""

    def collective(self, kind: str, value: Any) -> None:
        """Values of all replicas, and so of all workers, are about to be brought together."""


class Timed:
    """Passes on what happens, and adds up how long that takes."""

    def __init__(self, watch: Watch) -> None:
        self.seconds = 0.0
        self.asked = self._timed(watch.asked)
        self.taken_for_true = self._timed(watch.taken_for_true)
        self.born = self._timed(watch.born)
        self.made = self._timed(watch.made)
        self.operation = self._timed(watch.operation)
        self.run_begins = self._timed(watch.run_begins)
        self.run_ends = self._timed(watch.run_ends)
        self.function_called = self._timed(watch.function_called)
        self.replayed = self._timed(watch.replayed)
        self.meets = self._timed(watch.meets)
        self.gradient = self._timed(watch.gradient)
        self.collective = self._timed(watch.collective)
        self.function_over = self._timed(watch.function_over)
        self.run_given = self._timed(watch.run_given)
        self.run_over = self._timed(watch.run_over)
        self.reduced = self._timed(watch.reduced)
        self.replica_asked = self._timed(watch.replica_asked)

    def _timed(self, told: Callable[..., None]) -> Callable[..., None]:
        def tell(*args: Any) -> None:
            began = time.perf_counter()
            try:
                told(*args)
            finally:
                self.seconds += time.perf_counter() - began

        return tell


@contextlib.contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Tell all that happens in the block."""
    with contextlib.ExitStack() as patched:
        for patch in (
            _births,
            _truths,
            _runs,
            _calls,
            _replays,
            _meetings,
            _gradients,
            _collectives,
            _reductions,
            _numbers,
        ):
            patched.enter_context(patch(watch))
        patched.enter_context(_sources())
        patched.enter_context(observing_ops(watch.operation))
        yield


@contextlib.contextmanager
def _births(watch: Watch) -> Iterator[None]:
    """Private: every variable, whoever makes it, is one of these two classes; a creator scope sees
    only what is made below it, and has not what the author gave. Seen on TensorFlow 2.21."""
    with contextlib.ExitStack() as patched:
        for kind in (
            resource_variable_ops.BaseResourceVariable,
            distributed_values.DistributedVariable,
        ):
            patched.enter_context(_told_after(kind, "__init__", watch.born))
        patched.enter_context(_asked(watch))
        for kind in (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy):
            patched.enter_context(_told_after(kind, "__init__", watch.made))
        yield


@contextlib.contextmanager
def _asked(watch: Watch) -> Iterator[None]:
    owner = type(tf.Variable)
    original = owner.__call__

    @functools.wraps(original)
    def call(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if cls is tf.Variable:
            with contextlib.suppress(Exception):
                watch.asked(kwargs.get("name"), args[0] if args else kwargs.get("initial_value"))
        return original(cls, *args, **kwargs)

    owner.__call__ = call
    try:
        yield
    finally:
        owner.__call__ = original


@contextlib.contextmanager
def _truths(watch: Watch) -> Iterator[None]:
    """Private: `PerReplica` has no public name. Neither class says what its truth is, so that
    Python takes it for true. Seen on TensorFlow 2.21."""

    def truth(self: Any) -> bool:
        with contextlib.suppress(Exception):
            # TensorFlow asks, too, and means whether there is one.
            if is_authors(sys._getframe(1).f_code.co_filename):
                watch.taken_for_true(self)
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


@contextlib.contextmanager
def _runs(watch: Watch) -> Iterator[None]:
    owner = next(kind for kind in tf.distribute.Strategy.__mro__ if "run" in vars(kind))
    original = owner.run

    @functools.wraps(original)
    def run(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            watch.run_begins(self, fn)
        with contextlib.suppress(Exception):
            watch.run_given(self, fn, (args, kwargs))
        result = None
        try:
            result = original(self, fn, *args, **kwargs)
            return result
        finally:
            with contextlib.suppress(Exception):
                watch.run_over(result)
            with contextlib.suppress(Exception):
                watch.run_ends(self, fn)

    owner.run = run
    try:
        yield
    finally:
        owner.run = original


@contextlib.contextmanager
def _collectives(watch: Watch) -> Iterator[None]:
    """The operations themselves run in threads that know nothing of the author's code.

    Private: only `_use_merge_call` tells whether `all_reduce` goes on to one of the two others.
    Seen on TensorFlow 2.21.
    """

    def told(_: str, value: Any) -> None:
        extended = tf.distribute.get_strategy().extended
        first = replica_number() % len(extended.worker_devices) == 0
        if first and not extended._use_merge_call():
            watch.collective("all_reduce", value)

    owner = tf.distribute.CrossDeviceOps
    with contextlib.ExitStack() as patched:
        patched.enter_context(_told_before(tf.distribute.ReplicaContext, "all_reduce", 1, told))
        for name, place in (("reduce", 1), ("batch_reduce", 1)):
            patched.enter_context(_told_before(owner, name, place, watch.collective))
        yield


@contextlib.contextmanager
def _told_before(
    owner: Any, name: str, place: int, told: Callable[[str, Any], None]
) -> Iterator[None]:
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            told(name, args[place])
        return original(self, *args, **kwargs)

    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def _calls(watch: Watch) -> Iterator[None]:
    """Private: the class of tf.functions has no public name. Seen on TensorFlow 2.21."""
    owner = polymorphic_function.Function
    original = owner.__call__

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            watch.function_called(self, args, kwargs)
        result = None
        try:
            result = original(self, *args, **kwargs)
            return result
        finally:
            with contextlib.suppress(Exception):
                watch.function_over(result)

    owner.__call__ = call
    try:
        yield
    finally:
        owner.__call__ = original


@contextlib.contextmanager
def _replays(watch: Watch) -> Iterator[None]:
    """Private: a function that was traced before shows no operations when it is called, and what it
    holds is in its graph alone. Seen on TensorFlow 2.21."""
    owner = concrete_function.ConcreteFunction
    original = owner._call_flat

    @functools.wraps(original)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            if tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context():
                _tell_replayed(self.graph, watch.replayed)
        return original(self, *args, **kwargs)

    owner._call_flat = call
    try:
        yield
    finally:
        owner._call_flat = original


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
                waiting.append(
                    (called, {id(i): captured[id(o)] for i, o in pairs if id(o) in captured})
                )
            elif inputs and id(inputs[0]) in captured:
                told(operation.type, [captured[id(inputs[0])], *inputs[1:]])


@contextlib.contextmanager
def _meetings(watch: Watch) -> Iterator[None]:
    owner = tf.distribute.ReplicaContext
    kind = next(kind for kind in owner.__mro__ if "merge_call" in vars(kind))

    def told(_: str, merge_fn: Any) -> None:
        held = [cell.cell_contents for cell in getattr(merge_fn, "__closure__", None) or ()]
        watch.meets(next((each for each in held if isinstance(each, tf.Variable)), None))

    with _told_before(kind, "merge_call", 0, told):
        yield


@contextlib.contextmanager
def _gradients(watch: Watch) -> Iterator[None]:
    owner = tf.GradientTape
    original = owner.gradient

    @functools.wraps(original)
    def gradient(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, target, sources, *args, **kwargs)
        with contextlib.suppress(Exception):
            watch.gradient(sources, found)
        return found

    owner.gradient = gradient
    try:
        yield
    finally:
        owner.gradient = original


@contextlib.contextmanager
def _reductions(watch: Watch) -> Iterator[None]:
    def reduced(reduce_op: Any, value: Any, *_: Any, **__: Any) -> None:
        watch.reduced(str(getattr(reduce_op, "name", reduce_op)).upper(), value)

    def gathered(value: Any, *_: Any, **__: Any) -> None:
        watch.reduced("GATHER", value)

    with contextlib.ExitStack() as patched:
        for name, told in (("reduce", reduced), ("gather", gathered)):
            owner = next(kind for kind in tf.distribute.Strategy.__mro__ if name in vars(kind))
            patched.enter_context(_told_arguments(owner, name, told))
        yield


@contextlib.contextmanager
def _told_arguments(owner: Any, name: str, told: Callable[..., None]) -> Iterator[None]:
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            told(*args, **kwargs)
        return original(self, *args, **kwargs)

    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def _numbers(watch: Watch) -> Iterator[None]:
    """Who asks for a replica's number lets the replicas do different things."""
    name = "replica_id_in_sync_group"
    owner = next(kind for kind in tf.distribute.ReplicaContext.__mro__ if name in vars(kind))
    original = vars(owner)[name]

    def asked(self: Any) -> Any:
        with contextlib.suppress(Exception):
            if "/tensorflow/python/" not in sys._getframe(1).f_code.co_filename:
                watch.replica_asked()
        return original.__get__(self)

    setattr(owner, name, property(asked, doc=original.__doc__))
    try:
        yield
    finally:
        setattr(owner, name, original)


# Of each file that AutoGraph made: from its lines to those of the code that they were made of.
_sources_of: dict[str, dict[int, tuple[str, int, str]]] = {}


@contextlib.contextmanager
def _sources() -> Iterator[None]:
    """Private: AutoGraph maps its lines back for tracebacks only, and not in replicas' threads;
    and it writes frames into what exceptions say, ours too. Seen on TensorFlow 2.21."""
    transpiler = api._TRANSPILER
    original = transpiler.transform

    def transform(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        with contextlib.suppress(Exception):
            _, _, source_map = made
            for line, origin in source_map.items():
                place = (origin.loc.filename, origin.loc.lineno, origin.function_name)
                _sources_of.setdefault(line.filename, {})[line.lineno] = place
        return made

    def frames_of(trace: Any, limit: int | None = None) -> Any:
        # What AutoGraph tells in the text of an exception is told of the author's code alone.
        frames = traceback.extract_tb(trace, limit)
        ours = (frame.filename.startswith(_PACKAGE) for frame in frames)
        return traceback.StackSummary.from_list(
            [frame for frame, is_ours in zip(frames, ours, strict=True) if not is_ours]
        )

    transpiler.transform = transform
    api.traceback = SimpleNamespace(**{**vars(traceback), "extract_tb": frames_of})
    try:
        yield
    finally:
        transpiler.transform = original
        api.traceback = traceback


@contextlib.contextmanager
def _told_after(owner: Any, name: str, told: Callable[[Any], None]) -> Iterator[None]:
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        with contextlib.suppress(Exception):
            told(self)
        return result

    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)


def stack_here() -> list[tuple[str, int, str]]:
    """The stack, outermost first: file, line, function; code that AutoGraph made has its author's.

    Private: there is no other way from what AutoGraph made to what it was made of than the mapping
    that tracebacks of operations use. Seen on TensorFlow 2.21.
    """
    frames = ((frame.filename, frame.lineno, frame.name) for frame in tf_stack.extract_stack(2))
    return [_sources_of.get(file, {}).get(line, (file, line, name)) for file, line, name in frames]


class Called(NamedTuple):
    """The author's innermost line, and what it has called of libraries."""

    place: Place | None
    libraries: tuple[str, ...]
    """Their files between that line and here, innermost first, as `keras/src/...`; without those of
    TensorFlow."""
    function: str
    """That which the line itself has called of them, as `keras/src/....py:fit`."""


def author_place() -> Called:
    """Where the author's code is now."""
    libraries: dict[str, None] = {}
    called = ""
    for file, line, function in reversed(stack_here()):
        if file.startswith((_PACKAGE, "<")) or _GENERATED in file:
            continue
        part = next((part for part in _LIBRARIES if part in file), None)
        if part is None:
            return Called(Place(file, line, function), tuple(libraries), called)
        name = file.partition(part)[2]
        if not name.startswith("tensorflow/") and "/" in name:
            libraries[name] = None
            called = f"{name}:{function}"
    return Called(None, tuple(libraries), called)


def author_lines() -> tuple[Place, ...]:
    """The author's lines on the stack of this thread, the innermost last."""
    return tuple(Place(file, line, name) for file, line, name in stack_here() if is_authors(file))


def is_authors(file: str) -> bool:
    """Whether a file is neither a library's nor ours, nor made by AutoGraph."""
    ours = file.startswith((_PACKAGE, "<")) or _GENERATED in file
    return not (ours or any(part in file for part in _LIBRARIES))
