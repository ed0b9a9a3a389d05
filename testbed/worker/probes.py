"""Reads TensorFlow objects, and changes settings of TensorFlow that have no public name.

Each private use says why there is no public way. `library_names` has the names, which are looked up
where they are used: a worker that does without one does not need it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy
import tensorflow as tf

from testbed.catalogue.releases import TENSORFLOW
from testbed.verdict.reading import Copy, Read, Reading, Value
from testbed.worker.watching import library_names as names

# A report is read by people: it holds only a digest of a larger array.
MAX_ELEMENTS = 64

WritersOf = Callable[[Any], tuple[str, ...]]

_CALLING = ("PartitionedCall", "StatefulPartitionedCall")


@contextlib.contextmanager
def several_cpus_per_worker(worker: int, replicas: int) -> Iterator[None]:
    """Make MultiWorkerMirroredStrategy use `replicas` logical CPUs of this worker.

    Private: it uses all GPUs of a worker, but always exactly one CPU (see the code of
    `CollectiveAllReduceExtended._initialize_local_devices`), and no public argument changes that.
    The caller checks the number of replicas.

    Raises:
        RuntimeError: this TensorFlow has no such method.
    """
    if not names.LOCAL_DEVICES.exists:
        raise RuntimeError(
            f"TensorFlow {tf.__version__} gives no way to have several CPU replicas per worker;"
            f" use --replicas 1, or TensorFlow {TENSORFLOW}"
        )
    extended, name = names.LOCAL_DEVICES.owner()
    original = getattr(extended, name)

    def local_devices(
        _strategy: Any, _resolver: Any, worker_device: str
    ) -> tuple[tuple[str, ...], str]:
        # An engine may name the first worker `/job:chief/task:0`; without a cluster it is empty.
        task = worker_device or f"/job:worker/task:{worker}"
        host = task.replace("/task:", "/replica:0/task:")
        return tuple(f"{host}/device:CPU:{index}" for index in range(replicas)), "CPU"

    setattr(extended, name, local_devices)
    try:
        yield
    finally:
        setattr(extended, name, original)


@contextlib.contextmanager
def observing_ops(observe: Callable[[str, Any, Any], None]) -> Iterator[None]:
    """Report every operation that this thread runs or adds to a graph: type, inputs, outputs.

    Private: there is no public way to observe a single operation, and the public ways to write
    (assign, optimizers, scatter) have no other code in common. MirroredStrategy passes callbacks on
    to the threads of its replicas (`mirrored_run.py`).

    Raises:
        BlindError: this TensorFlow has no such callbacks.
    """
    add, remove = names.OP_CALLBACK.find(), names.OP_CALLBACK_REMOVED.find()

    def callback(
        kind: Any, inputs: Any, _attributes: Any, outputs: Any, *_: Any, **__: Any
    ) -> None:
        # Observing must not change the step: no exception of ours reaches it.
        with contextlib.suppress(Exception):
            # The type is bytes if TensorFlow's C code calls.
            observe(kind.decode() if isinstance(kind, bytes) else kind, inputs, outputs)

    add(callback)
    try:
        yield
    finally:
        remove(callback)


@contextlib.contextmanager
def leaving_out_frames(files: frozenset[str]) -> Iterator[None]:
    """Leave files out of the stacks that TensorFlow keeps of operations, in all threads.

    Private: where an operation fails, TensorFlow writes its stack into the message. AutoGraph
    leaves itself out in the same way, but only in its own thread. Without these filters, the files
    stay in.

    Args:
        files: their paths, as code objects have them.
    """
    if not (names.FRAME_FILTERS.exists and names.FRAME_FILTER.exists):
        yield
        return
    stacks, kind = names.FRAME_FILTERS.find(), names.FRAME_FILTER.find()
    _set_lowest_filter(stacks, kind, files)
    try:
        yield
    finally:
        _set_lowest_filter(stacks, kind, frozenset())


def _set_lowest_filter(stacks: Any, kind: Any, files: frozenset[str]) -> None:
    """Set the filter below all others, for threads that have one and for those to come."""

    def lowest() -> Any:
        made = kind()
        made.get_filtered_filenames = lambda: files
        made.update()
        return made

    stacks.default_factory = lambda: [lowest()]
    for stack in list(stacks.values()):
        stack[0] = lowest()


@contextlib.contextmanager
def observing_run(strategy: Any, running: list[bool]) -> Iterator[None]:
    """Keep as the last entry of `running` whether a `strategy.run` has not returned.

    Private: replicas write together in cross-replica context, as does code outside of
    `strategy.run`, and no public call distinguishes the two. Every `run`, also inside of Keras,
    goes through `StrategyExtended._call_for_each_replica`.
    """
    extended = strategy.extended
    original = extended._call_for_each_replica

    def call_for_each_replica(*args: Any, **kwargs: Any) -> Any:
        running.append(True)
        try:
            return original(*args, **kwargs)
        finally:
            running.pop()

    extended._call_for_each_replica = call_for_each_replica
    try:
        yield
    finally:
        extended._call_for_each_replica = original


@contextlib.contextmanager
def collecting_graphs(graphs: list[Any]) -> Iterator[None]:
    """Collect the graphs of a tf.function's first call as they run: partitioned and optimized.

    Private: `tf.compat.v1.Session` returns them, a tf.function does not, and its later calls
    run the partitions of the first.

    Raises:
        BlindError: this TensorFlow collects no graphs.
    """
    names.GRAPHS_COLLECTED.find()()
    try:
        yield
        graphs += names.GRAPHS_OF_RUN.find()().partition_graphs
    finally:
        names.GRAPHS_IGNORED.find()()


def runtime_has_started() -> bool:
    """Whether this process has started TensorFlow's runtime, which takes memory of every GPU.

    Private: every public call that lists logical devices starts it (`Context._initialized`).
    Without the name, it is taken as not started.
    """
    return names.RUNTIME.exists and bool(names.RUNTIME.find()()._initialized)


def replica_number() -> int:
    """The number of the replica that this thread runs, among all replicas in sync.

    Private: the public `replica_id_in_sync_group` adds an operation to the traced graph.
    """
    return int(tf.distribute.get_replica_context()._replica_id_in_sync_group)


def captured_from(tensor: Any) -> Any:
    """The tensor outside of all tf.functions from which a placeholder was captured."""
    graph = getattr(tensor, "graph", None) if tf.is_symbolic_tensor(tensor) else None
    while graph is not None and hasattr(graph, "captures"):
        outer = next((outer for outer, inner in graph.captures if inner is tensor), None)
        if outer is None:
            break
        tensor, graph = outer, graph.outer_graph
    return tensor


def operations_on_captured(graph: Any, report: Callable[[str, Any], None]) -> None:
    """Report the operations of a graph whose first input is captured: type, inputs.

    Private: calls of functions within a graph have no public way to their graphs. Seen on
    TensorFlow 2.21.
    """
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
                report(operation.type, [captured[id(inputs[0])], *inputs[1:]])


def read(subject: Any, strategy: Any, writers_of: WritersOf = lambda _: ()) -> Reading:
    """Read an object without changing it; never raises.

    Args:
        subject: a variable, a tensor, a result of `strategy.run`, or any Python object.
        strategy: the strategy whose local copies are read.
        writers_of: returns the writers of one copy of a variable.
    """
    subject = _unwrapped(subject)
    if isinstance(subject, tf.Variable):
        return _read_variable(subject, strategy, writers_of)
    if isinstance(subject, tf.distribute.DistributedValues):
        copies = strategy.experimental_local_results(subject)
        return Reading(
            kind="per_replica",
            type=type(subject).__name__,
            copies=tuple(_copy(component) for component in copies),
        )
    if isinstance(subject, tf.Tensor):
        return _read_tensor(subject)
    return Reading(kind="python", type=type(subject).__name__, copies=(_python(subject),))


def copies_of(subject: Any, strategy: Any) -> tuple[Any, ...]:
    """The variables that hold the copies of a variable; empty for any other object."""
    subject = _unwrapped(subject)
    if not isinstance(subject, tf.Variable):
        return ()
    distributed = isinstance(subject, tf.distribute.DistributedValues)
    return tuple(strategy.experimental_local_results(subject)) if distributed else (subject,)


def encode(value: Any) -> Value:
    """Encode a value for a report, as a `testbed.verdict.reading.Value`."""
    if value is None:
        return None
    if isinstance(value, tf.Tensor):
        value = value.numpy()
    try:
        array = numpy.asarray(value)
    except (TypeError, ValueError):
        return repr(value)
    if array.dtype.kind not in "biufSU":
        return repr(value)
    if array.size > MAX_ELEMENTS:
        return f"sha256:{hashlib.sha256(array.tobytes()).hexdigest()[:16]}"
    return _finite(array.tolist())


def _finite(value: Any) -> Value:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _unwrapped(subject: Any) -> Any:
    """The tf.Variable inside a Keras 3 variable; any other object unchanged."""
    if isinstance(subject, tf.Variable):
        return subject
    inner = getattr(subject, "value", None)
    return inner if isinstance(inner, tf.Variable) else subject


def _read_variable(variable: Any, strategy: Any, writers_of: WritersOf) -> Reading:
    distributed = isinstance(variable, tf.distribute.DistributedValues)
    components = copies_of(variable, strategy)
    return Reading(
        kind="variable",
        type=type(variable).__name__,
        name=variable.name,
        mirrored=distributed,
        synchronization=variable.synchronization.name,
        aggregation=variable.aggregation.name,
        shape=tuple(variable.shape.as_list()) if variable.shape.rank is not None else None,
        dtype=variable.dtype.name,
        copies=tuple(
            replace(_copy(component), writers=writers_of(component)) for component in components
        ),
        read=_read_out(variable) if _combines(variable) else None,
    )


def _combines(variable: Any) -> bool:
    """Whether reading a variable combines the values of its copies."""
    on_read = variable.synchronization is tf.VariableSynchronization.ON_READ
    return on_read and isinstance(variable, tf.distribute.DistributedValues)


def _read_out(variable: Any) -> Read:
    """The value that a reader gets. With several workers, all of them have to read it."""
    try:
        return Read(encode(variable.read_value()))
    except Exception as problem:
        # Without an aggregation there is no single value; a variable of a graph has none here.
        return Read(problem=_first_line(problem))


def _read_tensor(tensor: Any) -> Reading:
    symbolic = tf.is_symbolic_tensor(tensor)
    return Reading(
        kind="symbolic" if symbolic else "tensor",
        type=type(tensor).__name__,
        name=tensor.name if symbolic else "",
        shape=tuple(tensor.shape.as_list()) if tensor.shape.rank is not None else None,
        dtype=tensor.dtype.name,
        copies=() if symbolic else (_copy(tensor),),
    )


def _copy(component: Any) -> Copy:
    device = str(getattr(component, "device", ""))
    try:
        value = component.numpy() if hasattr(component, "numpy") else component
        return Copy(device, encode(value))
    except Exception as problem:
        # A variable of a graph has no value outside a session; an uninitialised one has none yet.
        return Copy(device, problem=_first_line(problem))


def _python(value: Any) -> Copy:
    """A Python value; variables in lists, tuples and dicts are replaced by their values."""
    try:
        return Copy("", encode(_read_within(value)))
    except Exception as problem:
        return Copy("", problem=_first_line(problem))


def _read_within(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_read_within(each) for each in value]
    if isinstance(value, dict):
        return {name: _read_within(each) for name, each in value.items()}
    variable = _unwrapped(value)
    return encode(variable.read_value()) if isinstance(variable, tf.Variable) else value


def _first_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".splitlines()[0]
