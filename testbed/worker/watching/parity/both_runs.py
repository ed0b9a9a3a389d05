"""Takes steps with all replicas of a strategy and again with one, and records both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from testbed.check.parity.first_steps import BothRuns, FirstSteps, RecordedRun
from testbed.worker.strategy import public_name, replica_devices
from testbed.worker.watching.data.batches import components, first_dimension
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.parity.first_steps import FirstStepsRecorder
from testbed.worker.watching.variables.made import Variables
from testbed.worker.watching.watchers import Watchers

# pytest reads this, and hides our frames in the traceback of a failed test.
__tracebackhide__ = True

Step = Callable[..., Any]

_SEED = 1
# Their variables have no copy for each replica.
_UNCOPIED = ("CentralStorageStrategy", "ParameterServerStrategy")


@dataclass(frozen=True)
class ComparedStep:
    """A step to be compared, and how it is taken."""

    make: Callable[[Any], Step]
    """Creates the variables for a strategy, in its scope, and returns the replica function."""
    batch: tuple[Any, ...]
    """The arguments of the replica function, for all replicas together."""
    reduce: str = "MEAN"
    """How the numbers are reduced that the replica function returns: `MEAN` or `SUM`."""
    times: int = 2
    """The number of steps."""


def _plainly(strategy: Any, step: Step) -> Step:
    return lambda *args: strategy.run(step, args)


def _nothing() -> None:
    """Report no phase."""


def both_runs(
    step: ComparedStep,
    strategy: Any,
    worker: int = 0,
    *,
    call_of: Callable[[Any, Step], Step] = _plainly,
    step_begins: Callable[[], object] = _nothing,
) -> BothRuns:
    """Record the steps of a strategy, and in worker 0 those of one replica.

    Both runs have the same seeds, and start from the same values.

    Args:
        step: the step.
        strategy: a strategy of several replicas.
        worker: the number of this worker.
        call_of: makes the function that runs a replica function on all replicas of a strategy.
        step_begins: called before each step of all replicas.

    Raises:
        ValueError: the strategy, or the batch, cannot be divided among replicas.
    """
    if public_name(strategy) in _UNCOPIED:
        raise ValueError(f"{public_name(strategy)} is not compared with one replica")
    run, start = _record(step, strategy, worker, (), call_of, step_begins)
    if worker or strategy.num_replicas_in_sync == 1:
        return BothRuns(run)
    alone = tf.distribute.MirroredStrategy([replica_devices(strategy)[0]])
    return BothRuns(run, _record(step, alone, 0, start, call_of, _nothing)[0])


def _record(
    step: ComparedStep,
    strategy: Any,
    worker: int,
    start: Sequence[Any],
    call_of: Callable[[Any, Step], Step],
    step_begins: Callable[[], object],
) -> tuple[RecordedRun, list[Any]]:
    """Make the step, set the initial values, and take it; also returns the initial values."""
    batch, elements = _divided(step.batch, strategy)
    tf.keras.utils.set_random_seed(_SEED)
    watchers = Watchers(worker)
    recorder = FirstStepsRecorder(watchers.events, watchers.now, watchers.variables)
    with watching(watchers.events):
        with strategy.scope():
            replica_function = step.make(strategy)
        start = _equal_start(watchers.variables, start)
        call = call_of(strategy, replica_function)
        for number in range(step.times):
            step_begins()
            _reduced(strategy, step.reduce, call(*_shares(batch, strategy, number)))
        first = _of_elements(recorder.recorded(), elements)
        return RecordedRun(watchers.observations(None, ()), first), start


def _divided(batch: tuple[Any, ...], strategy: Any) -> tuple[tuple[Any, ...], int]:
    """The batch as tensors, and the number of elements that this worker gets of it."""
    tensors = tf.nest.map_structure(tf.convert_to_tensor, batch)
    sizes = {first_dimension(each) if each.shape.rank else 0 for each in tf.nest.flatten(tensors)}
    replicas = strategy.num_replicas_in_sync
    if len(sizes) != 1 or min(sizes) < replicas or min(sizes) % replicas:
        shown = ", ".join(map(str, sorted(sizes))) or "no"
        raise ValueError(
            f"a batch of {shown} elements cannot be divided evenly among {replicas} replicas"
        )
    return tensors, sizes.pop() // replicas * len(replica_devices(strategy))


def _shares(batch: tuple[Any, ...], strategy: Any, number: int) -> list[Any]:
    """The part of each replica of this worker in a step.

    Each step begins at another element, so that a replica does not repeat its numbers.
    """

    def share(tensor: Any) -> Any:
        first = number % len(tensor)
        ordered = tf.concat([tensor[first:], tensor[:first]], 0)
        size = len(tensor) // strategy.num_replicas_in_sync

        def of_replica(context: Any) -> Any:
            begin = context.replica_id_in_sync_group * size
            return ordered[begin : begin + size]

        return strategy.experimental_distribute_values_from_function(of_replica)

    return list(tf.nest.map_structure(share, batch))


def _equal_start(variables: Variables, start: Sequence[Any]) -> list[Any]:
    """Set the initial values of variables, in the order of their creation, and return all."""
    variables.values.reading = True
    kept = [variables.values.get(birth.number) for birth in variables.births if birth.number >= 0]
    known = [each for each in kept if each is not None and _has_value(each)]
    for variable, value in zip(known, start, strict=False):
        for copy in components(variable):
            if copy.dtype == value.dtype and copy.shape == value.shape:
                copy.assign(value)
    values = [tf.identity(components(each)[0].read_value()) for each in known]
    variables.values.reading = False
    return values


def _has_value(variable: Any) -> bool:
    """Whether its copies are to be equal, and exist already."""
    on_read = variable.synchronization == tf.VariableSynchronization.ON_READ
    return not on_read and all(bool(each.is_initialized()) for each in components(variable))


def _reduced(strategy: Any, op: str, result: Any) -> None:
    """Reduce the numbers that replicas return; the hooks record the results."""
    for leaf in tf.nest.flatten(result):
        first = components(leaf)[0]
        if tf.is_tensor(first) and first.shape.rank == 0 and first.dtype.is_floating:
            strategy.reduce(op, leaf, axis=None)


def _of_elements(first: FirstSteps, elements: int) -> FirstSteps:
    """The steps, with the number of elements: both runs have the same ones."""
    steps = tuple(replace(each, elements=elements, digest=0) for each in first.steps)
    return replace(first, steps=steps)
