"""Takes a part of each step away, so that the difference in time shows what the part costs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.orders.timed import LARGER, LOCAL, TIMES_LARGER, WHOLE
from testbed.worker.watching.distributed_datasets import distributing, with_rows_repeated
from testbed.worker.watching.library_names import (
    ALL_REDUCED,
    MIRRORED_VALUE,
    REDUCTIONS,
    REGROUP,
)
from testbed.worker.watching.replacing import Method, owner_of, replaced
from testbed.worker.watching.stack import calling_line

# The first batches that are kept; several, because their rows may take different time.
_KEPT = 4


class TakenAway:
    """What a variant lacks; see `testbed.orders.timed`."""

    def __init__(self, variant: str) -> None:
        self._variant = variant
        self._times = TIMES_LARGER if variant == LARGER else 1
        self.is_effective = variant in (WHOLE, LOCAL)
        """Whether the program read a dataset that could be kept in memory, if it should."""

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """In the block, steps lack what the variant takes away."""
        with contextlib.ExitStack() as changed:
            if self._variant != WHOLE:
                changed.enter_context(self._input_from_memory())
            if self._variant == LOCAL:
                changed.enter_context(_no_communication())
            yield

    @contextlib.contextmanager
    def _input_from_memory(self) -> Iterator[None]:
        """The first batches come again and again, each with its rows repeated `times` times."""
        owner = owner_of(tf.data.Dataset, "__iter__")
        with (
            distributing(self._of_dataset, self._of_function),
            replaced(owner, "__iter__", self._of_loop),
        ):
            yield

    def _of_dataset(self, original: Method) -> Method:
        def method(strategy: Any, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return original(strategy, self._kept(dataset), *args, **kwargs)

        return method

    def _of_function(self, original: Method) -> Method:
        def method(strategy: Any, dataset_fn: Any, *args: Any, **kwargs: Any) -> Any:
            def kept(context: Any) -> Any:
                return self._kept(dataset_fn(context))

            return original(strategy, kept, *args, **kwargs)

        return method

    def _of_loop(self, original: Method) -> Method:
        def method(dataset: Any) -> Any:
            # Libraries, too, iterate over datasets, which are kept already.
            is_own = not tf.inside_function() and calling_line() is not None
            return original(self._kept(dataset) if is_own else dataset)

        return method

    def _kept(self, dataset: Any) -> Any:
        """A dataset of the first batches, as long as the given one."""
        if not isinstance(dataset, tf.data.Dataset):
            return dataset
        self.is_effective = True
        length = int(dataset.cardinality())
        if self._times > 1:
            dataset = with_rows_repeated(dataset, self._times)
        kept = dataset.take(_KEPT).cache().repeat()
        return kept.take(length) if length >= 0 else kept


@contextlib.contextmanager
def _no_communication() -> Iterator[None]:
    """Replicas keep their own values where they would be reduced.

    Raises:
        BlindError: this TensorFlow has no such private name.
    """
    with contextlib.ExitStack() as changed:
        for kind in REDUCTIONS:
            owner = kind.find()
            changed.enter_context(replaced(owner, "reduce_implementation", _own))
            changed.enter_context(replaced(owner, "batch_reduce_implementation", _each_own))
        changed.enter_context(replaced(*ALL_REDUCED.owner(), _own_in_replica))
        yield


def _own(original: Method) -> Method:
    def method(ops: Any, reduce_op: Any, value: Any, destinations: Any, options: Any) -> Any:
        if not _is_kept(value):
            return original(ops, reduce_op, value, destinations, options)
        return _as_mirrored(value)

    return method


def _each_own(original: Method) -> Method:
    def method(ops: Any, reduce_op: Any, pairs: Any, options: Any) -> Any:
        if not all(_is_kept(value) for value, _ in pairs):
            return original(ops, reduce_op, pairs, options)
        return [_as_mirrored(value) for value, _ in pairs]

    return method


def _own_in_replica(_: Method) -> Method:
    def method(ops: Any, reduce_op: Any, value: Any, replica_id: Any, options: Any) -> Any:
        return value

    return method


def _as_mirrored(value: Any) -> Any:
    return REGROUP.find()(value.values, wrap_class=MIRRORED_VALUE.find())


def _is_kept(value: Any) -> bool:
    values = getattr(value, "values", ())
    return bool(values) and all(isinstance(each, tf.Tensor) for each in values)
