"""Measures collectives of any size through the strategy, and checks each result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import scenario

# Bytes of one float32.
WIDTH = 4


@scenario(sites=("in_scope",), modes=("function",))
def collectives(bed: Any) -> None:
    """Every replica gets the correct result of the collective."""
    for size in bed.sizes["bytes"]:
        elements = max(1, size // WIDTH)
        # Large messages take long, so few calls are enough. Every worker makes the same number.
        times = max(3, min(bed.sizes["calls"], bed.sizes["bytes_timed"] // size))
        data = bed.data(lambda replica, count=elements: tf.fill([count], replica + 1.0))
        for implementation in bed.sizes["implementations"]:
            for name, build in (("all_reduce", all_reduce), ("all_gather", all_gather)):
                call = build(bed, data, implementation)
                good = all(bool(each) for each in checks(bed, name, call(), elements))
                facts = {"collective": name, "implementation": implementation, "size": size}
                bed.measure(f"{name} {implementation} {size}", call, times, **facts, right=good)
        call, good = broadcast(bed, elements)
        facts = {"collective": "broadcast", "implementation": "AUTO", "size": size}
        bed.measure(f"broadcast AUTO {size}", call, times, **facts, right=good)


def options_of(implementation: str) -> Any:
    """The options that choose AUTO, RING or NCCL."""
    known = tf.distribute.experimental.CommunicationImplementation
    return tf.distribute.experimental.CommunicationOptions(
        implementation=getattr(known, implementation)
    )


def all_reduce(bed: Any, data: Any, implementation: str) -> Callable[[], Any]:
    """Make a call that sums the values of all replicas."""
    options = options_of(implementation)

    def step(value: tf.Tensor) -> tf.Tensor:
        return tf.distribute.get_replica_context().all_reduce("SUM", placed(value), options)

    call = tf.function(lambda value: bed.strategy.run(step, (value,)))
    return lambda: call(data)


def all_gather(bed: Any, data: Any, implementation: str) -> Callable[[], Any]:
    """Make a call that gives every replica the values of all replicas."""
    options = options_of(implementation)

    def step(value: tf.Tensor) -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(
            placed(value), axis=0, options=options
        )

    call = tf.function(lambda value: bed.strategy.run(step, (value,)))
    return lambda: call(data)


def placed(value: tf.Tensor) -> tf.Tensor:
    """Copy a value to its replica's device: an argument of a tf.function has no device.

    With one replica in a worker, a collective of such a value raises `destinations can not be
    empty` (TensorFlow 2.21).
    """
    return tf.identity(value)


def checks(bed: Any, name: str, result: Any, elements: int) -> list[tf.Tensor]:
    """For each replica of this worker, whether every element of its result is right."""
    replicas = bed.case.replicas
    if name == "all_reduce":
        wanted = tf.fill([elements], replicas * (replicas + 1) / 2)
    else:
        wanted = tf.repeat(tf.range(1.0, replicas + 1.0), elements)
    return [
        tf.reduce_all(tf.equal(wanted, each))
        for each in bed.strategy.experimental_local_results(result)
    ]


def broadcast(bed: Any, elements: int) -> tuple[Callable[[], Any], bool]:
    """Make a call that broadcasts a variable's value, and check its result.

    Within one worker, an assignment outside of any replica broadcasts to all replicas. Between
    workers, a new variable does: worker 0 sends its initial value to the others.
    """
    if bed.case.workers > 1:

        def call() -> Any:
            with bed.strategy.scope():
                return tf.Variable(tf.fill([elements], bed.worker + 1.0))

        return call, all(_holds(copy, 1.0) for copy in _copies(bed, call()))
    value = tf.fill([elements], 3.0)
    with bed.strategy.scope():
        variable = tf.Variable(tf.zeros([elements]))
    variable.assign(value)
    return lambda: variable.assign(value), all(_holds(each, 3.0) for each in _copies(bed, variable))


def _copies(bed: Any, variable: tf.Variable) -> list[tf.Variable]:
    return list(bed.strategy.experimental_local_results(variable))


def _holds(copy: tf.Variable, value: float) -> bool:
    return bool(tf.reduce_all(tf.equal(copy, value)))
