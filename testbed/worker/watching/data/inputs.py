"""Observes the inputs of the user's steps, their results, and how the results are reduced."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Given, SourceLine, Taken
from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import (
    WatchedStep,
    WeakTensorMap,
    components,
    digest,
    element_digests,
    first_dimension,
    has_nan,
    is_batch,
    leaves_of,
    made_from,
    replicas_of,
    shares_of,
)
from testbed.worker.watching.python_state.object_graph import innermost
from testbed.worker.watching.stack import author_place

NEXT = ("IteratorGetNext", "IteratorGetNextSync", "OptionalGetValue")
"""The operations that give an element of a dataset to a program."""

_OPTIONAL = "IteratorGetNextAsOptional"

OF_DATA = frozenset((*NEXT, _OPTIONAL, "MakeIterator", "Mean"))

# The most batches of one step whose contents are compared; later ones show nothing new.
_BATCHES = 8
_STEPS = 200
# The most elements of one step that are compared with those of other workers.
_ELEMENTS = 2048
# The most calls with an empty batch for which all variables are searched for NaN.
_EMPTY_CALLS = 3


class Inputs:
    """Observes the inputs of replicas.

    Args:
        variables: returns the known distributed variables.
        divides: returns whether workers divide a dataset whose elements were shuffled before.
    """

    def __init__(self, variables: Callable[[], list[Any]], divides: Callable[[], bool]) -> None:
        self.step: WatchedStep | None = None
        self._variables = variables
        self._divides = divides
        self._steps: dict[Any, WatchedStep] = {}
        # Keeps the steps alive, so that their ids stay unique.
        self._keys: list[Any] = []
        self._depth = 0
        self._sources: WeakTensorMap[SourceLine | None] = WeakTensorMap()
        self._means: WeakTensorMap[int] = WeakTensorMap()
        self._results: WeakTensorMap[tuple[WatchedStep, bool]] = WeakTensorMap()
        # Infinite iterators, and iterators that a replica created.
        self._free: set[int] = set()
        self._taken: dict[tuple[int, SourceLine | None], set[int]] = {}
        self._plain: tuple[list[Any], str] = ([], "")
        self._sizes: tuple[int, ...] = ()
        self._without_nan: dict[int, Any] = {}
        self._empty_calls = 0

    def operation(self, kind: str, inputs: Any, outputs: Any, replica: int | None) -> None:
        """Record one of the operations in OF_DATA; `replica` is None outside of replicas."""
        if kind == "MakeIterator":
            self._made(*inputs, of_replica=replica is not None)
        elif kind == "Mean":
            axes = tf.get_static_value(inputs[1])
            if replica is not None and axes is not None and 0 in axes.reshape(-1):
                self._means.put(outputs[0], first_dimension(inputs[0]))
        elif kind != _OPTIONAL or replica is not None:
            self._took(kind, inputs[0], outputs, replica)

    def run_begins(self, strategy: Any, step: Any, arguments: Any) -> None:
        """Record the arguments that a run is about to pass to the replicas."""
        if tf.inside_function():
            leaves = list(leaves_of(arguments))
            self._given(strategy, leaves)
            if self.step is not None and not any(_is_distributed(each) for each in leaves):
                self.step.through |= any(self._is_through(each) for each in leaves)
            return
        self._depth += 1
        leaves = list(leaves_of(arguments))
        if self._depth == 1:
            self._begin(getattr(innermost(step), "__code__", id(type(step))), step)
            self._look_at(leaves)
            if self.step is not None:
                self.step.through = True
        self._given(strategy, leaves)

    def function_begins(self, function: Any, arguments: Any) -> None:
        """Record the arguments with which a tf.function is about to be called."""
        if tf.inside_function():
            return
        self._depth += 1
        if self._depth == 1:
            self._begin(id(function), function)
            self._look_at(list(leaves_of(arguments)))

    def run_ends(self, result: Any) -> None:
        """Record the result of a run; None if it raised."""
        self._gave(result)
        self._ended(result)

    def function_ends(self, result: Any) -> None:
        """Record the result of a tf.function; None if it raised."""
        if self._depth == 1 and not tf.inside_function():
            self._gave(result)
        self._ended(result)

    def reduced(self, how: str, value: Any) -> None:
        """Record that the results of the replicas of a step are reduced or gathered."""
        found = self._results.get(value)
        if found is None:
            return
        place, libraries, _ = author_place()
        if not libraries:
            step, alone = found
            self._combined(step, how, value, place, alone=alone)

    def wrote(self, variable: Any) -> None:
        """Record that a distributed variable is written while replicas run."""
        if self.step is None or variable is None:
            return
        if variable.dtype.is_floating and variable.shape.rank:
            if variable.synchronization is tf.VariableSynchronization.ON_READ:
                # Each replica has a separate model, or sums its own values.
                self.step.asked = True
            elif variable.trainable:
                self.step.trains = True

    def given(self) -> Iterator[Given]:
        """The inputs of each step."""
        return (step.to_given() for step in self._steps.values() if step.runs)

    def taken(self) -> Iterator[Taken]:
        """Lines at which replicas took elements from a finite iterator."""
        for (iterator, place), replicas in self._taken.items():
            if iterator not in self._free:
                yield Taken(place, len(replicas))

    def _made(self, dataset: Any, iterator: Any, *, of_replica: bool) -> None:
        self._free.discard(id(iterator))
        if of_replica or (
            not tf.is_symbolic_tensor(dataset)
            and int(tf.raw_ops.DatasetCardinality(input_dataset=dataset))
            == tf.data.INFINITE_CARDINALITY
        ):
            self._free.add(id(iterator))

    def _took(self, kind: str, iterator: Any, outputs: Any, replica: int | None) -> None:
        """Record the line that takes an element from an iterator, or from an optional."""
        place, libraries, _ = author_place()
        if replica is not None and kind != "OptionalGetValue" and not libraries:
            key = id(captured_from(iterator)), place
            self._taken.setdefault(key, set()).add(replica)
        for output in outputs:
            self._sources.put(output, place)

    def _combined(
        self, step: WatchedStep, how: str, value: Any, place: SourceLine | None, *, alone: bool
    ) -> None:
        """Record how a result of a step is combined; `alone`: the step has no other result."""
        step.combined.add(how)
        if how == "SUM" and alone:
            step.sums[place] = None
        if how == "MEAN" and (self._are_means(value) or (alone and step.gives_means)):
            step.averaged = step.averaged or place
        if step.nan_result is value:
            step.not_a_number = "the result of the step"

    def _begin(self, key: Any, step: Any) -> None:
        if key not in self._steps and len(self._steps) < _STEPS:
            place, libraries, _ = author_place()
            name = getattr(innermost(step), "__name__", "a step")
            self._steps[key] = WatchedStep(name, None if libraries else place)
            self._keys.append(step)
        self.step = self._steps.get(key)
        if self.step is not None:
            self.step.calls += 1

    def _given(self, strategy: Any, leaves: list[Any]) -> None:
        """Record the shapes of the inputs that a run passes to the replicas."""
        step = self.step
        if step is None:
            return
        step.runs += 1
        step.replicas = max(step.replicas, replicas_of(strategy))
        for leaf in leaves:
            step.fed = True
            step.sizes.update(first_dimension(each) for each in components(leaf))

    def _look_at(self, leaves: list[Any]) -> None:
        """Record the contents of the inputs, for the first calls."""
        step = self.step
        self._plain, self._sizes = ([], ""), ()
        if step is None:
            return
        distributed = [each for each in leaves if _is_distributed(each)]
        step.distributed |= bool(distributed)
        self._sizes = shares_of(distributed or leaves)
        self._look_at_sizes(step, distributed=bool(distributed))
        data = [each for each in leaves if self._is_of_dataset(each)]
        if data and step.calls <= _BATCHES:
            self._look_at_batch(step, data, plain=not distributed)
        if data and len(step.elements) < _ELEMENTS and self._divides():
            room = _ELEMENTS - len(step.elements)
            step.elements += itertools.islice(element_digests(data), room)

    def _look_at_sizes(self, step: WatchedStep, *, distributed: bool) -> None:
        """Record uneven and empty shares; an empty one may turn variables to NaN."""
        if distributed and len(set(self._sizes)) > 1:
            step.uneven = step.uneven or self._sizes
        if 0 not in self._sizes:
            return
        step.empty = step.empty or self._sizes
        self._empty_calls += 1
        if self._empty_calls <= _EMPTY_CALLS:
            self._without_nan = {id(each): each for each in self._variables() if not has_nan(each)}

    def _look_at_batch(self, step: WatchedStep, data: list[Any], *, plain: bool) -> None:
        """Record the contents and the source of the inputs that come from a dataset."""
        batch_digest = digest(data)
        step.batches.append(batch_digest)
        if step.source is None:
            first = next(each for each in components(data[0]) if each in self._sources)
            step.source = self._sources.get(first)
        if plain:
            self._plain = ([each for each in data if is_batch(each)], batch_digest)

    def _is_of_dataset(self, leaf: Any) -> bool:
        return any(each in self._sources for each in components(leaf))

    def _is_through(self, leaf: Any) -> bool:
        """Whether a tensor of a trace is computed from the batch that its tf.function gets."""
        if not tf.is_symbolic_tensor(leaf) or leaf.shape.rank == 0:
            return False
        return made_from(leaf, self._plain[0])

    def _gave(self, result: Any) -> None:
        step = self.step
        if step is None or result is None:
            return
        leaves = list(leaves_of(result))
        for leaf in leaves:
            self._results.put(leaf, (step, len(leaves) == 1))
        if len(leaves) == 1 and tf.inside_function():
            step.gives_means = self._are_means(leaves[0])

    def _ended(self, result: Any) -> None:
        if tf.inside_function():
            return
        self._depth -= 1
        step = self.step
        if self._depth or step is None:
            return
        self.step = None
        batches, batch_digest = self._plain
        if batches and step.through:
            step.plain.append(batch_digest)
        if 0 in self._sizes:
            self._look_for_nan(step, result)
        self._without_nan = {}

    def _look_for_nan(self, step: WatchedStep, result: Any) -> None:
        """Record a variable or result that an empty batch has turned to NaN."""
        for variable in self._without_nan.values():
            if not step.not_a_number and has_nan(variable):
                step.not_a_number = f"'{str(variable.name).removesuffix(':0')}'"
        for leaf in leaves_of(result):
            each = components(leaf)
            if len(each) == len(self._sizes) and all(
                has_nan(value) == (size == 0) for value, size in zip(each, self._sizes, strict=True)
            ):
                step.nan_result = leaf

    def _are_means(self, value: Any) -> bool:
        """Whether each replica's value is the mean over its batch, and the sizes differ."""
        sizes = [self._mean(each) for each in components(value)]
        if any(size is None for size in sizes):
            return False
        if any(tf.is_symbolic_tensor(each) for each in components(value)):
            # The sizes are known only when the trace runs.
            return self.step is not None and all(s in (-1, *self.step.sizes) for s in sizes)
        return len(set(sizes)) > 1

    def _mean(self, tensor: Any) -> int | None:
        while tf.is_symbolic_tensor(tensor) and tensor.op.type == "Identity":
            tensor = tensor.op.inputs[0]
        return self._means.get(tensor)


def _is_distributed(leaf: Any) -> bool:
    return isinstance(leaf, tf.distribute.DistributedValues)
