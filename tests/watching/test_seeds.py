"""Random numbers without a seed of the program, and batches, that another run repeats."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import tensorflow as tf

from testbed.worker.user_code import seeds
from testbed.worker.user_code.seeds import reseeded


def drawn(seed: int, draw: Callable[[], Any]) -> Any:
    """What one run of a program draws, in a process without any seed."""
    # TensorFlow's kernels keep their random state; this removes them, too.
    tf.random.set_seed(None)
    with reseeded(seed):
        return draw()


def of_python() -> list[float]:
    return [random.random(), float(numpy.random.random())]


def of_tensorflow() -> list[float]:
    return [float(tf.random.normal(())) for _ in range(3)]


def of_graph() -> list[float]:
    train = tf.function(lambda: tf.random.uniform(()) + tf.random.normal(()))
    return [float(train()) for _ in range(3)]


@pytest.mark.parametrize("draw", [of_python, of_tensorflow, of_graph])
def test_one_seed_draws_equal_numbers(draw: Callable[[], list[float]]) -> None:
    """Another seed, and no seed, draw other ones; the numbers of a run differ among each other."""
    first = drawn(7, draw)
    assert drawn(7, draw) == first
    assert drawn(8, draw) != first
    assert drawn(0, draw) != drawn(0, draw)
    assert len(set(first)) == len(first)


def test_seeds_of_the_program_stay() -> None:
    """Operations with a seed draw what they would draw alone, and take none of the others."""

    def seeded() -> list[float]:
        tf.random.set_seed(3)
        return [float(tf.random.uniform((), seed=5))]

    assert drawn(7, seeded) == drawn(8, seeded) == seeded()


def test_what_is_drawn_after_the_block() -> None:
    """It is not repeated."""
    after = []
    for _ in range(2):
        drawn(7, of_tensorflow)
        after.append(of_tensorflow())
    assert after[0] != after[1]


def test_datasets_keep_their_order() -> None:
    """The seeds of shuffles are those that TensorFlow gives: a check reports shuffles without."""

    def shuffled() -> list[int]:
        return [int(each) for each in tf.data.Dataset.range(1000).shuffle(1000)]

    assert drawn(7, shuffled) != drawn(7, shuffled)
    assert drawn(7, lambda: (shuffled(), of_tensorflow())[1]) == drawn(7, of_tensorflow)


def test_so_many_operations_have_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those after the limit draw as without a seed."""
    monkeypatch.setattr(seeds, "_SEEDS", 2)
    first, again = drawn(7, of_tensorflow), drawn(7, of_tensorflow)
    assert first[:2] == again[:2]
    assert first[2] != again[2]


def test_the_limit() -> None:
    """TensorFlow keeps a kernel of each seed."""
    assert seeds._SEEDS == 2000
