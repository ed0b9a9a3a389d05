"""Batches of a single replica, of which each replica gets a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.user_code.copied_batches import copied_batches

NUMBERS = list(range(8))


@pytest.fixture
def copies() -> Iterator[None]:
    with copied_batches():
        yield


def shares(strategy: Any, distributed: Any) -> list[list[Any]]:
    """For each step the batch of each replica."""
    return [
        [part.numpy().tolist() for part in strategy.experimental_local_results(batch)]
        for batch in distributed
    ]


def numbered() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(NUMBERS)


def test_a_dataset_of_batches_for_all_replicas(mirrored: Any, copies: None) -> None:
    """Each replica gets the part that the batch has for one replica."""
    distributed = mirrored.experimental_distribute_dataset(numbered().batch(4))
    assert shares(mirrored, distributed) == [
        [[0, 1], [0, 1]],
        [[2, 3], [2, 3]],
        [[4, 5], [4, 5]],
        [[6, 7], [6, 7]],
    ]


def test_a_function_that_makes_datasets_for_each_replica(mirrored: Any, copies: None) -> None:
    """Each replica gets the batch as it is; the function gets its context."""
    contexts = []

    def make(context: Any) -> tf.data.Dataset:
        contexts.append(context.num_replicas_in_sync)
        return numbered().batch(4)

    distributed = mirrored.distribute_datasets_from_function(make)
    assert shares(mirrored, distributed) == [[[0, 1, 2, 3]] * 2, [[4, 5, 6, 7]] * 2]
    assert contexts == [2]


@pytest.mark.parametrize("size", [3, 1])
def test_a_batch_that_replicas_cannot_divide(mirrored: Any, copies: None, size: int) -> None:
    """It is distributed as without copies."""

    def distributed() -> list[list[Any]]:
        dataset = numbered().batch(size)
        return shares(mirrored, mirrored.experimental_distribute_dataset(dataset))

    with_copies = distributed()
    assert with_copies[0] == ([[0, 1], [2]] if size == 3 else [[0], []])


def test_a_dataset_without_batches(mirrored: Any, copies: None) -> None:
    """TensorFlow refuses single numbers by the same error as without copies."""
    with pytest.raises(IndexError):
        mirrored.experimental_distribute_dataset(numbered())


def _pair(x: Any) -> Any:
    return x, 10 * x


def _named(x: Any) -> Any:
    return {"x": x, "y": 10 * x}


def _only(x: Any) -> Any:
    return (x,)


@pytest.mark.parametrize("structure", [_pair, _named, _only])
@pytest.mark.parametrize("of_all", [True, False], ids=["of all", "of each"])
def test_elements_keep_their_structure(
    mirrored: Any, copies: None, structure: Callable[[Any], Any], of_all: bool
) -> None:
    """Tuples of one part, pairs and dictionaries stay what they are."""
    dataset = numbered().map(structure).batch(4)
    distributed = (
        mirrored.experimental_distribute_dataset(dataset)
        if of_all
        else mirrored.distribute_datasets_from_function(lambda _: dataset)
    )
    first = next(iter(distributed))
    assert [type(first), *tf.nest.flatten(_lengths(mirrored, first))] == [
        type(structure(tf.constant(1))),
        *[2 if of_all else 4] * 2 * len(tf.nest.flatten(structure(tf.constant(1)))),
    ]


def _lengths(strategy: Any, batch: Any) -> list[int]:
    return [
        len(part)
        for each in (batch.values() if isinstance(batch, dict) else batch)
        for part in strategy.experimental_local_results(each)
    ]


def test_a_short_last_batch(mirrored: Any, copies: None) -> None:
    """It is the last one of a single replica, too, and both replicas get it."""
    dataset = tf.data.Dataset.from_tensor_slices(NUMBERS[:7]).batch(4)
    distributed = mirrored.experimental_distribute_dataset(dataset)
    assert shares(mirrored, distributed)[-1] == [[6], [6]]


def test_after_the_block(mirrored: Any) -> None:
    """Strategies distribute as before."""
    with copied_batches():
        pass
    distributed = mirrored.experimental_distribute_dataset(numbered().batch(4))
    assert shares(mirrored, distributed)[0] == [[0, 1], [2, 3]]
