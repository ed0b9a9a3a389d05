"""Batches taken apart, and compared by digests."""

from __future__ import annotations

import gc
from typing import Any

import numpy
import pytest
import tensorflow as tf

from testbed.worker.watching.data.batches import (
    WeakTensorMap,
    components,
    digest,
    first_dimension,
    has_nan,
    is_batch,
    leaves_of,
    made_from,
    replicas_of,
)


def test_a_distributed_value_has_a_component_for_each_replica(mirrored: Any) -> None:
    """A plain tensor is its own; a variable has its copies."""
    tensor = tf.constant([1.0])
    pair = mirrored.run(lambda: tf.constant([1.0, 2.0]))
    with mirrored.scope():
        variable = tf.Variable(1.0)
    assert components(tensor)[0] is tensor
    assert [each.numpy().tolist() for each in components(pair)] == [[1.0, 2.0]] * 2
    assert len(components(variable)) == 2
    assert (replicas_of(mirrored), replicas_of(tf.distribute.get_strategy())) == (2, 1)


def test_leaves_are_tensors_and_arrays_without_variables(mirrored: Any) -> None:
    """Ragged and sparse tensors are taken apart."""
    pair = mirrored.run(lambda: tf.constant(1.0))
    with mirrored.scope():
        variable = tf.Variable(1.0)
    ragged = tf.ragged.constant([[1], [2, 3]])
    values = {"a": tf.constant(1), "b": [numpy.zeros(2), "text", variable], "c": pair, "d": ragged}
    leaves = list(leaves_of(values))
    assert len(leaves) == 5
    assert any(leaf is pair for leaf in leaves)
    assert not any(leaf is variable for leaf in leaves)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (numpy.zeros((3, 2)), 3),
        (numpy.zeros(()), 1),
        ("text", -1),
        (tf.TensorSpec([None, 2]), -1),
        (tf.TensorSpec(None), -1),
    ],
)
def test_the_first_dimension(value: Any, size: int) -> None:
    """A scalar has one entry; -1 is for what is not known."""
    assert first_dimension(value) == size


def test_digests_tell_contents_shapes_and_types() -> None:
    """Equal batches have equal digests."""
    one = tf.constant([1.0, 2.0])
    assert digest([one]) == digest([numpy.array([1.0, 2.0], numpy.float32)])
    others = [[1.0, 3.0], [[1.0, 2.0]], numpy.array([1.0, 2.0])]
    assert len({digest([tf.constant(each)]) for each in others} | {digest([one])}) == 4
    assert digest([one, tf.zeros([3, 1])]).split()[0] == "2,3x1"
    assert digest([numpy.array(["a"], object)]) != digest([numpy.array(["b"], object)])


def test_small_tensors_are_no_batches() -> None:
    """A scalar, or two numbers, may be shared by replicas on purpose."""
    sizes = {size: is_batch(tf.zeros([size])) for size in (2, 3)}
    assert (sizes, is_batch(tf.constant(1.0))) == ({2: False, 3: True}, False)


def test_nan_in_any_copy(mirrored: Any) -> None:
    """Only floats can be no number."""
    with mirrored.scope():
        variable = tf.Variable(1.0)
    assert not has_nan(variable)
    mirrored.experimental_local_results(variable)[1].assign(float("nan"))
    assert has_nan(variable)
    assert not has_nan(tf.constant([1, 2]))


def test_what_a_tensor_of_a_trace_is_made_from() -> None:
    """From the argument that is like the batch, or from nothing of it."""
    batch = tf.zeros([4])
    answers = []

    def step(value: Any) -> Any:
        answers.append(made_from(tf.sin(value * 2.0), [batch]))
        answers.append(made_from(tf.zeros([4]) + 1.0, [batch]))
        answers.append(made_from(value, [tf.zeros([5])]))
        return value

    tf.function(step, autograph=False)(batch)
    assert answers == [True, False, False]


def test_what_is_known_of_a_tensor_goes_with_it() -> None:
    """A tensor is not kept alive, and another one is not mistaken for it."""
    known: WeakTensorMap[str] = WeakTensorMap()
    tensor, other = tf.constant([1.0]), tf.constant([1.0])
    known.put(tensor, "first")
    assert (known.get(tensor), known.get(other)) == ("first", None)
    assert tensor in known
    assert other not in known
    del tensor
    gc.collect()
    assert known._of == {}
