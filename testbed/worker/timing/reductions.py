"""Records what replicas reduce in a step: values, their bytes and variables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from testbed.orders.timed import Reduction
from testbed.worker.watching.library_names import ALL_REDUCED, BATCH_REDUCED, REDUCED
from testbed.worker.watching.replacing import Method, replaced


class Reductions:
    """The values that the last step reduced which was traced or is eager.

    A tf.function is traced with its reductions once, and runs them in each step.
    """

    def __init__(self) -> None:
        self.last: tuple[Reduction, ...] = ()
        self._values: list[Reduction] = []
        self._has_begun = False
        self._is_open = False

    def step_begins(self) -> None:
        """A further step begins."""
        # What is reduced before the first step, as when Keras builds a model, belongs to none.
        if self._values and self._has_begun:
            self.last = tuple(self._values)
        self._values, self._has_begun = [], True

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count the reductions of the block.

        Raises:
            BlindError: this TensorFlow has no such private name.
        """
        with (
            replaced(*REDUCED.owner(), self._reduce),
            replaced(*BATCH_REDUCED.owner(), self._batch_reduce),
            replaced(*ALL_REDUCED.owner(), self._all_reduce),
        ):
            yield

    def _reduce(self, original: Method) -> Method:
        def method(ops: Any, reduce_op: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
            with self._counted([(value, args[0] if args else None)]):
                return original(ops, reduce_op, value, *args, **kwargs)

        return method

    def _batch_reduce(self, original: Method) -> Method:
        def method(ops: Any, reduce_op: Any, pairs: Any, *args: Any, **kwargs: Any) -> Any:
            with self._counted(pairs):
                return original(ops, reduce_op, pairs, *args, **kwargs)

        return method

    @contextlib.contextmanager
    def _counted(self, pairs: Sequence[tuple[Any, Any]]) -> Iterator[None]:
        """Count values with their destinations, unless this is a part of such a reduction."""
        if self._is_open:
            yield
            return
        self._is_open = True
        for value, destination in pairs:
            self._add(value, destination)
        try:
            yield
        finally:
            self._is_open = False

    def _all_reduce(self, original: Method) -> Method:
        def method(ops: Any, reduce_op: Any, value: Any, replica: Any, *args: Any) -> Any:
            if replica == 0 and not self._is_open:
                for each in tf.nest.flatten(value):
                    self._add(each, None)
            return original(ops, reduce_op, value, replica, *args)

        return method

    def _add(self, value: Any, destination: Any) -> None:
        one = value.values[0] if isinstance(value, tf.distribute.DistributedValues) else value
        if isinstance(one, tf.IndexedSlices):
            one = one.values
        shape = tf.TensorShape(getattr(one, "shape", None))
        kind = tf.as_dtype(getattr(one, "dtype", tf.float32))
        name = getattr(destination, "name", "").removesuffix(":0")
        size = (shape.num_elements() or 0) * kind.size
        self._values.append(Reduction(size, name or f"{kind.name}{shape}"))
