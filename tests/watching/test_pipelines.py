"""Datasets that are divided, and the shuffles before."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import tensorflow as tf
from tensorflow.python.data.experimental.ops.distribute import _AutoShardDataset

from testbed.check.observations.rows import DataRows
from testbed.check.observations.seen import Sharded
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def numbers() -> tf.data.Dataset:
    return tf.data.Dataset.range(8)


def sharded(program: Any) -> Sharded:
    """The only dataset that a program divides."""
    (found,) = observed(program).sharded
    return found


def auto_sharded(dataset: tf.data.Dataset, policy: str) -> tuple[Sharded, ...]:
    options = tf.data.Options()
    policies = tf.data.experimental.AutoShardPolicy
    options.experimental_distribute.auto_shard_policy = policies[policy]
    return observed(lambda: _AutoShardDataset(dataset().with_options(options), 2, 1)).sharded


def test_a_shuffle_before_the_division() -> None:
    """Other operations may lie between; without a seed, both seeds are zero."""

    def program() -> None:
        shuffled = numbers().shuffle(8)  # at: shuffle
        shuffled.map(lambda x: x + 1).batch(2).shard(2, 1)  # at: shard

    found = sharded(program)
    (shuffle,) = found.shuffles
    assert (HERE.name(shuffle.place), shuffle.seeds) == ("shuffle", (0, 0))
    assert (HERE.name(found.place), found.parts, found.part) == ("shard", 2, 1)


def test_a_shuffle_after_the_division() -> None:
    """It changes no part."""
    assert sharded(lambda: numbers().shard(2, 1).shuffle(8)).shuffles == ()


def test_a_shuffle_that_changes_no_order() -> None:
    """A buffer of one element gives the elements in their order."""
    assert sharded(lambda: numbers().shuffle(1).shard(2, 1)).shuffles == ()


def test_seeds_of_a_shuffle() -> None:
    """The same seed gives the same seeds; another one does not."""

    def seeds(seed: int) -> tuple[int, ...]:
        (shuffle,) = sharded(lambda: numbers().shuffle(8, seed=seed).shard(2, 0)).shuffles
        return shuffle.seeds

    assert any(seeds(0))
    assert seeds(7) == seeds(7) != seeds(8)


def test_what_is_not_divided_is_not_kept() -> None:
    """One part is the whole."""
    assert observed(lambda: numbers().shuffle(8).shard(1, 0)).sharded == ()


def test_a_zipped_dataset_keeps_the_order_that_one_part_has() -> None:
    """It is shuffled where all its parts are."""

    def shuffles(*parts: bool) -> int:
        def program() -> None:
            datasets = [numbers().shuffle(8) if part else numbers() for part in parts]
            tf.data.Dataset.zip(tuple(datasets)).shard(2, 0)

        return len(sharded(program).shuffles)

    assert (shuffles(True, False), shuffles(True, True)) == (0, 2)


def test_auto_sharding_divides_after_all_operations() -> None:
    """The shuffle comes before it, unless it divides files."""

    def files() -> tf.data.Dataset:
        return tf.data.Dataset.list_files(__file__).interleave(tf.data.TextLineDataset).shuffle(8)

    (found,) = auto_sharded(lambda: numbers().shuffle(8), "AUTO")
    assert (found.parts, found.part, len(found.shuffles)) == (2, 1, 1)
    assert auto_sharded(files, "AUTO") == auto_sharded(files, "FILE") == ()
    (found,) = auto_sharded(files, "DATA")
    assert found.shuffles


def test_auto_sharding_divides_at_a_hint() -> None:
    """A shuffle after the hint changes no part; one before it does."""
    hint = tf.data.experimental.SHARD_HINT
    (late,) = auto_sharded(lambda: numbers().shard(hint, hint).shuffle(8), "HINT")
    assert late.shuffles == ()
    (early,) = auto_sharded(lambda: numbers().shuffle(8).shard(hint, hint).shuffle(8), "HINT")
    assert len(early.shuffles) == 1


def test_the_source_is_known_by_its_data() -> None:
    """Equal data have an equal source; that of a Python generator is unknown."""

    def source(*rows: float) -> str:
        slices = tf.data.Dataset.from_tensor_slices
        return sharded(lambda: slices(list(rows)).shuffle(8).shard(2, 0)).source

    def generated() -> None:
        signature = tf.TensorSpec((), tf.int32)
        made = tf.data.Dataset.from_generator(lambda: iter((1, 2)), output_signature=signature)
        made.shard(2, 0)

    assert source(1.0, 2.0) == source(1.0, 2.0) != source(1.0, 3.0)
    assert sharded(generated).source == ""


def test_a_lookup_table_as_source() -> None:
    """Whatever data are made of, watching does not fail."""
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)

    def program() -> None:
        dataset = tf.data.Dataset.from_tensors(["a"]).map(table.lookup)
        for _ in dataset.shuffle(8).shard(2, 0):
            pass

    assert sharded(program).shuffles


def test_elements_of_divided_data(mirrored: Any) -> None:
    """Each element that a replica receives has a digest; equal elements have the same one."""

    def elements(dataset: tf.data.Dataset) -> tuple[str, ...]:
        def program() -> None:
            batches = dataset().shard(2, 0).batch(2)
            for batch in mirrored.experimental_distribute_dataset(batches):
                mirrored.run(lambda x: x + 1, (batch,))

        (given,) = observed(program).given
        return given.elements

    shuffled = elements(lambda: numbers().shuffle(8))
    assert len(set(shuffled)) == len(shuffled) == 4
    assert len(set(elements(lambda: numbers().shuffle(8).map(lambda _: 1)))) == 1
    assert elements(numbers) == ()


def rows_of(*data: Any) -> DataRows | None:
    """The rows of datasets of such data, zipped, that are divided."""

    def program() -> None:
        made = [tf.data.Dataset.from_tensor_slices(each) for each in data]  # at: slices
        (made[0] if len(made) == 1 else tf.data.Dataset.zip(tuple(made))).batch(2).shard(2, 0)

    return sharded(program).rows


def test_rows_are_known_without_their_order() -> None:
    """Equal rows in another order are the same rows; their parts belong together."""
    numbers = numpy.arange(6000.0).reshape(3000, 2)
    order = numpy.random.default_rng(3).permutation(3000)
    found, reordered = rows_of(numbers), rows_of(numbers[order])
    assert found is not None
    assert found == reordered
    assert HERE.name(found.place) == "slices"
    assert (found.number, found.distinct, len(found.least)) == (3000, 3000, 256)
    assert found.shared_with(reordered) == 1
    pairs, otherwise = rows_of((numbers, order)), rows_of(numbers, order)
    assert pairs == otherwise != found


def test_rows_that_are_shared_in_part() -> None:
    """The share is estimated from a part of the hashes."""
    numbers = numpy.arange(4000)
    one, other = rows_of(numbers[:3000]), rows_of(numbers[1000:])
    assert one is not None
    assert other is not None
    assert one.shared_with(other) == pytest.approx(0.5, abs=0.1)


def test_rows_of_texts_and_large_rows() -> None:
    """Equal texts are equal rows; of a large row some entries count."""
    found = rows_of(["a", "b", "a"])
    assert found is not None
    assert (found.number, found.distinct) == (3, 2)
    pictures = numpy.random.default_rng(1).random((40, 32, 32, 3))
    found, turned = rows_of(pictures), rows_of(pictures[::-1])
    assert found == turned
    assert found is not None
    assert found.distinct == 40


def test_rows_that_are_not_known() -> None:
    """Rows of several texts, too many rows, and the rows of a generator or of windows."""
    assert rows_of([["a", "b"], ["c", "d"]]) is None
    assert rows_of(numpy.zeros(2**16 + 1)) is None
    assert sharded(lambda: numbers().shard(2, 0)).rows is None
    slices = tf.data.Dataset.from_tensor_slices
    assert sharded(lambda: slices([1, 2]).concatenate(slices([3])).shard(2, 0)).rows is None
