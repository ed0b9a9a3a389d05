"""Watches somebody's own code: what TensorFlow does for it, told as it happens.

With `testbed.worker.probes` the only file that touches private TensorFlow; each use says why there
is no public way, and on which version it was seen to work. Nothing here changes a result, and no
exception of ours reaches the code that is watched.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import tensorflow as tf
from tensorflow.python.autograph.impl import api
from tensorflow.python.distribute import mirrored_run
from tensorflow.python.distribute import values as distributed_values
from tensorflow.python.eager.polymorphic_function import polymorphic_function
from tensorflow.python.ops import resource_variable_ops, script_ops
from tensorflow.python.util import tf_stack

from testbed.check.seen import Place
from testbed.worker.probes import observing_ops

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_GENERATED = "__autograph_generated_file"
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")


class Watch(Protocol):
    """Is told what happens."""

    def born(self, variable: Any) -> None:
        """A variable is made, or what distributes several that were made just before."""

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """This thread, or a replica that it started, runs an operation or adds it to a graph."""

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """`strategy.run` is called."""

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """It is over, whether it raised or not."""

    def replica_pauses(self, replica: int) -> None:
        """A replica of this worker ends its function, or waits for the others within it."""

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """A tf.function is about to be called."""

    def function_returned(self) -> None:
        """The call that this thread began last is over, whether it raised or not."""

    def python_called(self, function: Callable[..., Any]) -> None:
        """What is run or traced here calls a Python function, as tf.py_function does."""

    def collective(self, kind: str, value: Any) -> None:
        """Values of all replicas, and so of all workers, are about to be brought together."""


class Timed:
    """Passes on what happens, and adds up how long that takes."""

    def __init__(self, watch: Watch) -> None:
        self.seconds = 0.0
        self.born = self._timed(watch.born)
        self.operation = self._timed(watch.operation)
        self.run_begins = self._timed(watch.run_begins)
        self.run_ends = self._timed(watch.run_ends)
        self.replica_pauses = self._timed(watch.replica_pauses)
        self.function_called = self._timed(watch.function_called)
        self.function_returned = self._timed(watch.function_returned)
        self.python_called = self._timed(watch.python_called)
        self.collective = self._timed(watch.collective)

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
        for patch in (_births, _runs, _turns, _calls, _python_calls, _collectives):
            patched.enter_context(patch(watch))
        patched.enter_context(_sources())
        patched.enter_context(observing_ops(watch.operation))
        yield


@contextlib.contextmanager
def _births(watch: Watch) -> Iterator[None]:
    """Private: every variable, whoever makes it, is one of these two classes; a creator scope sees
    only what is made below it. Seen on TensorFlow 2.21."""
    with contextlib.ExitStack() as patched:
        for kind in (
            resource_variable_ops.BaseResourceVariable,
            distributed_values.DistributedVariable,
        ):
            patched.enter_context(_told_after(kind, "__init__", watch.born))
        yield


@contextlib.contextmanager
def _runs(watch: Watch) -> Iterator[None]:
    owner = next(kind for kind in tf.distribute.Strategy.__mro__ if "run" in vars(kind))
    original = owner.run

    @functools.wraps(original)
    def run(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            watch.run_begins(self, fn)
        try:
            return original(self, fn, *args, **kwargs)
        finally:
            with contextlib.suppress(Exception):
                watch.run_ends(self, fn)

    owner.run = run
    try:
        yield
    finally:
        owner.run = original


@contextlib.contextmanager
def _turns(watch: Watch) -> Iterator[None]:
    """Private: replicas of one worker take turns, and no public call tells when one has ended: its
    thread sets `has_paused`, in `merge_call` and at its end. Seen on TensorFlow 2.21."""

    def made(thread: Any) -> None:
        original = thread.has_paused.set

        def pause() -> None:
            with contextlib.suppress(Exception):
                watch.replica_pauses(thread.replica_id)
            original()

        thread.has_paused.set = pause

    with _told_after(mirrored_run._MirroredReplicaThread, "__init__", made):
        yield


@contextlib.contextmanager
def _collectives(watch: Watch) -> Iterator[None]:
    """The operations themselves run in threads that know nothing of the author's code."""
    owner = tf.distribute.CrossDeviceOps
    with contextlib.ExitStack() as patched:
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
        try:
            return original(self, *args, **kwargs)
        finally:
            with contextlib.suppress(Exception):
                watch.function_returned()

    owner.__call__ = call
    try:
        yield
    finally:
        owner.__call__ = original


@contextlib.contextmanager
def _python_calls(watch: Watch) -> Iterator[None]:
    """Private: AutoGraph would convert what is put in the place of the public tf.py_function and
    tf.numpy_function; both go through this one. Seen on TensorFlow 2.21."""
    original = script_ops._internal_py_func

    @functools.wraps(original)
    def internal_py_func(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            watch.python_called(kwargs["func"] if "func" in kwargs else args[0])
        return original(*args, **kwargs)

    script_ops._internal_py_func = internal_py_func
    try:
        yield
    finally:
        script_ops._internal_py_func = original


# Of each file that AutoGraph made: from its lines to those of the code that they were made of.
_sources_of: dict[str, dict[int, tuple[str, int, str]]] = {}


@contextlib.contextmanager
def _sources() -> Iterator[None]:
    """Private: AutoGraph maps its lines back for tracebacks only, and not in replicas' threads.
    Seen on TensorFlow 2.21."""
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

    transpiler.transform = transform
    try:
        yield
    finally:
        transpiler.transform = original


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
    frames = tf_stack.extract_stack(2)
    return [source_of(frame.filename, frame.lineno, frame.name) for frame in frames]


def source_of(file: str, line: int, function: str) -> tuple[str, int, str]:
    """Of a line that AutoGraph made, the one that it was made of; any other one as it is."""
    return _sources_of.get(file, {}).get(line, (file, line, function))


def author_place() -> tuple[Place | None, tuple[str, ...]]:
    """The author's innermost line, and the files of the libraries that it has called.

    The files are those between that line and here, innermost first, as `keras/src/...`; those of
    TensorFlow are left out.
    """
    libraries: dict[str, None] = {}
    for file, line, function in reversed(stack_here()):
        if file.startswith((_PACKAGE, "<")) or _GENERATED in file:
            continue
        part = next((part for part in _LIBRARIES if part in file), None)
        if part is None:
            return Place(file, line, function), tuple(libraries)
        name = file.partition(part)[2]
        if not name.startswith("tensorflow/") and "/" in name:
            libraries[name] = None
    return None, tuple(libraries)


def is_authors(file: str) -> bool:
    """Whether a file is neither a library's nor ours, nor made by AutoGraph."""
    ours = file.startswith((_PACKAGE, "<")) or _GENERATED in file
    return not (ours or any(part in file for part in _LIBRARIES))
