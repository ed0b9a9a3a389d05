"""A memory bank: a queue of features that every step writes to, and a pointer to its next slot."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"

STEPS = 2


class Bank(tf.Module):
    """As in MoCo: keys go in at the pointer, and the pointer moves on."""

    def __init__(self, size: int, aggregation: Any = tf.VariableAggregation.NONE) -> None:
        super().__init__()
        self.keys = tf.Variable(tf.zeros([size]), trainable=False, aggregation=aggregation)
        self.next = tf.Variable(
            0, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
        )

    def put(self, keys: tf.Tensor) -> None:
        slots = self.next + tf.range(tf.size(keys))
        self.keys.assign(tf.tensor_scatter_nd_update(self.keys, slots[:, tf.newaxis], keys))
        self.next.assign_add(tf.size(keys))


def encode(images: tf.Tensor) -> tf.Tensor:
    return images / 2.0


def gather(keys: tf.Tensor) -> tf.Tensor:
    return tf.distribute.get_replica_context().all_gather(keys, axis=0)


def fill(bed: Bed, bank: Bank, keys_of: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """Replica i puts in the key i + 1 in every step."""
    images = bed.data(lambda replica: [2.0 * (replica + 1)])
    bed.run(lambda own: bank.put(keys_of(own)), images, times=STEPS)


def all_keys(bed: Bed) -> list[float]:
    return [replica + 1.0 for replica in range(bed.case.replicas)] * STEPS


@scenario(modes=("function",))
@breaks(
    "workers_diverge",
    site="outside_scope",
    when=lambda case: case.workers > 1,
    cure="make it in the scope, and all_gather the keys before every replica puts them in",
)
@breaks(
    "replicas_diverge",
    site="in_scope",
    when=lambda case: case.replicas_per_worker > 1,
    cure="all_gather the keys before every replica puts them in",
)
@breaks(
    "workers_diverge",
    site="in_scope",
    when=lambda case: case.workers > 1,
    cure="all_gather the keys before every replica puts them in",
)
def of_own_keys(bed: Bed) -> None:
    """A bank that every replica puts its keys into holds the keys of all replicas."""
    bank = bed.make(Bank, STEPS * bed.case.replicas)
    fill(bed, bank, encode)
    bed.claim(bank.keys, value=all_keys(bed))


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="all_gather the keys before every replica puts them in",
)
def of_own_keys_aggregated(bed: Bed) -> None:
    """An aggregation of MEAN puts the keys of all replicas into the bank."""
    bank = bed.make(Bank, STEPS * bed.case.replicas, tf.VariableAggregation.MEAN)
    fill(bed, bank, encode)
    bed.claim(bank.keys, value=all_keys(bed))


@scenario(sites=("in_scope",), modes=("function",))
def of_gathered_keys(bed: Bed) -> None:
    """A bank into which every replica puts the gathered keys holds those of all replicas."""
    bank = bed.make(Bank, STEPS * bed.case.replicas)
    fill(bed, bank, lambda images: gather(encode(images)))
    bed.claim(bank.keys, value=all_keys(bed))


if __name__ == "__main__":
    run_script()
