"""Replaces the ways to distribute a dataset, and changes the elements of datasets."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.replacing import Method, owner_of, replaced

Make = Callable[[Method], Method]


@contextlib.contextmanager
def distributing(of_dataset: Make, of_function: Make) -> Iterator[None]:
    """Replace in the block both ways by which a strategy distributes datasets.

    Args:
        of_dataset: makes the replacement of `experimental_distribute_dataset`.
        of_function: makes that of `distribute_datasets_from_function`.
    """
    kind = tf.distribute.Strategy
    names = {
        "experimental_distribute_dataset": of_dataset,
        "distribute_datasets_from_function": of_function,
    }
    with contextlib.ExitStack() as changed:
        for name, make in names.items():
            changed.enter_context(replaced(owner_of(kind, name), name, make))
        yield


def with_rows_repeated(dataset: Any, times: int) -> Any:
    """A dataset of batches, each with all its rows `times` times."""

    def repeated(*parts: Any) -> Any:
        element = element_of(dataset, parts)
        return tf.nest.map_structure(lambda part: tf.concat([part] * times, 0), element)

    return dataset.map(unconverted(repeated))


def element_of(dataset: Any, parts: tuple[Any, ...]) -> Any:
    """The element of a dataset, of which a function gets a tuple's parts as arguments."""
    return parts if type(dataset.element_spec) is tuple else parts[0]


def unconverted(function: Callable[..., Any]) -> Any:
    """The function, which AutoGraph leaves as it is."""
    return tf.autograph.experimental.do_not_convert(function)
