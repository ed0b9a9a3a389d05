"""Gives every replica the batch that a single replica has, for the comparison with one replica.

Where the program fixes the batch of a replica, a step with R replicas takes R times as many
elements as a step with one. With copies of one batch both compute with the same elements.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.library_names import BATCH_SIZE
from testbed.worker.watching.replacing import Method, owner_of, replaced


@contextlib.contextmanager
def copied_batches() -> Iterator[None]:
    """In the block, strategies distribute copies of smaller batches."""
    kind = tf.distribute.Strategy
    names = {
        "experimental_distribute_dataset": _divided,
        "distribute_datasets_from_function": _repeated,
    }
    with contextlib.ExitStack() as changed:
        for name, make in names.items():
            changed.enter_context(replaced(owner_of(kind, name), name, make))
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

    def copied(*parts: Any) -> Any:
        element = _element(dataset, parts)
        return tf.nest.map_structure(lambda part: tf.concat([part] * replicas, 0), element)

    return dataset.rebatch(size // replicas).map(_unconverted(copied))


def _each_repeated(dataset: Any, times: int) -> Any:
    def repeated(*parts: Any) -> Any:
        return tf.data.Dataset.from_tensors(_element(dataset, parts)).repeat(times)

    return dataset.flat_map(_unconverted(repeated))


def _element(dataset: Any, parts: tuple[Any, ...]) -> Any:
    """The element of a dataset, of which a function gets a tuple's parts as arguments."""
    return parts if type(dataset.element_spec) is tuple else parts[0]


def _unconverted(function: Callable[..., Any]) -> Any:
    return tf.autograph.experimental.do_not_convert(function)
