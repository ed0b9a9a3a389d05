"""Observes datasets that are divided among workers, and the shuffles before the division."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Sharded, Shuffle
from testbed.worker.watching.data.batches import WeakTensorMap, digest
from testbed.worker.watching.data.rows import SlicedData, zipped
from testbed.worker.watching.stack import author_place

_SHUFFLES = ("ShuffleDataset", "ShuffleAndRepeatDataset")
_READERS = ("TFRecordDataset", "TextLineDataset", "FixedLengthRecordDataset")
# Their functions may make a dataset of files.
_NESTING = ("InterleaveDataset", "FlatMapDataset", "ParallelInterleaveDataset")
# The most divided datasets that are recorded.
_DATASETS = 50

_FILE_POLICIES = ("AUTO", "FILE")


@dataclass(frozen=True)
class _Order:
    """Where a dataset's elements come from, and the operations that decide their order."""

    source: str = ""
    shuffles: tuple[Shuffle, ...] = ()
    data: SlicedData | None = None
    """The data whose rows are the elements, before any operation on them."""
    reads_files: bool = False
    hinted: bool = False
    """Whether auto-sharding will divide the dataset before later operations."""


class Pipelines:
    """Observes operations that create datasets."""

    def __init__(self) -> None:
        self._orders: WeakTensorMap[_Order] = WeakTensorMap()
        self._sharded: list[Sharded] = []
        self._nested_readers = False

    @property
    def divides(self) -> bool:
        """Whether a dataset is divided whose elements were shuffled before."""
        return any(each.shuffles for each in self._sharded)

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """Record an operation whose result is a dataset."""
        if not outputs or outputs[0].dtype != tf.variant:
            return
        before = [self._orders.get(each) or _Order() for each in inputs if each.dtype == tf.variant]
        order = _merged(before) if before else _Order(_source(inputs), data=_sliced(kind, inputs))
        if kind == "ZipDataset":
            order = replace(order, data=zipped([each.data for each in before]))
            if not all(each.shuffles for each in before):
                # Such elements are another choice of pairs, and no other order of the data.
                order = replace(order, shuffles=())
        if kind.startswith(_READERS):
            order = replace(order, reads_files=True)
            self._nested_readers |= tf.is_symbolic_tensor(outputs[0])
        elif kind.startswith(_NESTING):
            # The function may make any dataset, as that of a generator.
            reads_files = order.reads_files or self._nested_readers
            order = replace(order, source="", data=None, reads_files=reads_files)
        elif kind.startswith(_SHUFFLES) and not order.hinted:
            order = replace(order, shuffles=order.shuffles + _shuffle(inputs))
        elif kind == "ShardDataset":
            parts, part = _number(inputs[1]), _number(inputs[2])
            if parts == tf.data.experimental.SHARD_HINT:
                order = replace(order, hinted=True)
            self._add(order, parts, part)
        self._orders.put(outputs[0], order)

    def auto_sharded(self, dataset: Any, workers: int, worker: int) -> None:
        """Record that TensorFlow divides a dataset among workers.

        It divides files before it shuffles, and anything else after all operations.
        """
        order = self._orders.get(dataset._variant_tensor) or _Order()
        policy = dataset.options().experimental_distribute.auto_shard_policy.name
        if not (order.reads_files and policy in _FILE_POLICIES):
            self._add(order, int(workers), int(worker))

    def seen(self) -> Iterator[Sharded]:
        """The divided datasets, in the order of their creation."""
        yield from self._sharded

    def _add(self, order: _Order, parts: int | None, part: int | None) -> None:
        if parts is not None and part is not None and parts > 1 and len(self._sharded) < _DATASETS:
            place = author_place().place
            rows = order.data.rows() if order.data else None
            self._sharded.append(Sharded(place, parts, part, order.shuffles, order.source, rows))


def _merged(orders: Sequence[_Order]) -> _Order:
    first, *others = orders
    known = all(each.source for each in orders)
    return _Order(
        " ".join(each.source for each in orders) if known else "",
        tuple(shuffle for each in orders for shuffle in each.shuffles),
        None if others else first.data,
        any(each.reads_files for each in orders),
        any(each.hinted for each in orders),
    )


def _source(inputs: Any) -> str:
    """A digest of the data of a dataset; empty if they are in no tensor that can be read here."""
    unknown = any(tf.is_symbolic_tensor(each) or each.dtype == tf.resource for each in inputs)
    return "" if unknown else digest(inputs)


def _sliced(kind: str, inputs: Any) -> SlicedData | None:
    """The data of a dataset that gives the rows of tensors; None for other datasets."""
    if kind != "TensorSliceDataset" or any(tf.is_symbolic_tensor(each) for each in inputs):
        return None
    return SlicedData(tuple(inputs), author_place().place)


def _shuffle(inputs: Any) -> tuple[Shuffle, ...]:
    """The shuffle of an operation; a buffer of one element changes no order."""
    size, *seeds = (_number(each) for each in inputs[1:4])
    if size == 1 or any(seed is None for seed in seeds):
        return ()
    return (Shuffle(author_place().place, tuple(seed or 0 for seed in seeds)),)


def _number(tensor: Any) -> int | None:
    """The value of a scalar; None if it is known only when a graph runs."""
    value = tf.get_static_value(tensor)
    return None if value is None else int(value)
