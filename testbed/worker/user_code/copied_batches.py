"""Gives every replica the batch that a single replica has, for the comparison with one replica.

Where the program fixes the batch of a replica, a step with R replicas takes R times as many
elements as a step with one. With copies of one batch both compute with the same elements.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.distributed_datasets import (
    distributing,
    element_of,
    unconverted,
    with_rows_repeated,
)
from testbed.worker.watching.library_names import BATCH_SIZE
from testbed.worker.watching.replacing import Method


@contextlib.contextmanager
def copied_batches() -> Iterator[None]:
    """In the block, strategies distribute copies of smaller batches."""
    with distributing(_divided, _repeated):
        yield


def _divided(original: Method) -> Method:
    """Distribute a dataset whose batches are for all replicas."""

    def method(self: Any, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, _copies(dataset, self.num_replicas_in_sync), *args, **kwargs)

    return method


def _repeated(original: Method) -> Method:
    """Distribute datasets whose batches are for one replica."""

    def method(self: Any, dataset_fn: Any, *args: Any, **kwargs: Any) -> Any:
        def repeated(context: Any) -> Any:
            times = context.num_replicas_in_sync // context.num_input_pipelines
            return _each_repeated(dataset_fn(context), times)

        return original(self, repeated, *args, **kwargs)

    return method


def _copies(dataset: Any, replicas: int) -> Any:
    """Batches of the same size that hold one smaller batch, once for each replica.

    Private: the size of the batches has no public name. Without it the dataset stays as it is.
    """
    size = int(BATCH_SIZE.find()(dataset)) if BATCH_SIZE.exists else 0
    if size < replicas or size % replicas:
        return dataset

    return with_rows_repeated(dataset.rebatch(size // replicas), replicas)


def _each_repeated(dataset: Any, times: int) -> Any:
    def repeated(*parts: Any) -> Any:
        return tf.data.Dataset.from_tensors(element_of(dataset, parts)).repeat(times)

    return dataset.flat_map(unconverted(repeated))
