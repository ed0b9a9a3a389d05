"""One object for each replica: `experimental_distribute_values_from_function`."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "kinds of object"


def values_of_replicas(bed: Bed, of_replica: Any) -> Any:
    return bed.strategy.experimental_distribute_values_from_function(
        lambda context: of_replica(int(context.replica_id_in_sync_group))
    )


def create_weights(bed: Bed) -> Any:
    return values_of_replicas(bed, lambda replica: tf.Variable(replica + 1.0))


def create_placed_weights(bed: Bed) -> Any:
    devices = bed.strategy.extended.worker_devices

    def create(replica: int) -> tf.Variable:
        with tf.device(devices[replica % len(devices)]):
            return tf.Variable(replica + 1.0)

    return values_of_replicas(bed, create)


def at_their_replica(bed: Bed, weights: Any) -> int:
    """How many of a worker's variables live where their replica computes."""
    local = bed.strategy.experimental_local_results
    computed = bed.run(lambda weight: weight + 0.0, weights)
    return sum(
        variable.device == tensor.device
        for variable, tensor in zip(local(weights), local(computed), strict=True)
    )


@scenario(sites=("outside_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy == "one_device" or case.replicas_per_worker > 1,
    cure="make each under tf.device of its replica (see variables_placed)",
)
def variables(bed: Bed) -> None:
    """Each replica's variable lives where its replica computes."""
    here = at_their_replica(bed, create_weights(bed))
    bed.claim(here, value=bed.case.replicas_per_worker)


@scenario(
    sites=("outside_scope",),
    modes=("eager",),
    strategies=("one_device", "mirrored", "multi_worker_mirrored"),
)
def variables_placed(bed: Bed) -> None:
    """Each replica's variable lives where its replica computes, if made under its device."""
    here = at_their_replica(bed, create_placed_weights(bed))
    bed.claim(here, value=bed.case.replicas_per_worker)


@scenario()
@breaks(
    "rejected",
    error="has no attribute 'assign_add'",
    site="in_scope",
    mode="function",
    when=lambda case: case.replicas_per_worker > 1,
    cure="make them outside the scope, as in it each of them is a variable of all replicas",
)
@breaks(
    "wrong_value",
    site="in_scope",
    when=lambda case: case.workers > 1,
    cure="make them outside the scope, as in it all workers start from worker 0's value",
)
def variables_assigned(bed: Bed) -> None:
    """Each replica changes the variable that is its own."""
    weights = bed.make(create_weights, bed)
    bed.run(lambda weight: weight.assign_add(10.0), weights, times=2)
    replicas = bed.case.replicas
    total = bed.strategy.reduce("SUM", bed.run(lambda weight: weight + 0.0, weights), axis=None)
    bed.claim(total, value=20.0 * replicas + replicas * (replicas + 1) / 2)


@scenario(sites=("outside_scope",))
@breaks(
    "rejected",
    error="Expected any non-tensor type, but got a tensor instead",
    mode="function",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="give the replicas tensors (see tensors)",
)
def python_numbers(bed: Bed) -> None:
    """Each replica gets a Python number of its own."""
    numbers = values_of_replicas(bed, lambda replica: replica + 1)
    tensors = bed.run(lambda number: tf.constant(number), numbers)
    total = bed.strategy.reduce("SUM", tensors, axis=None)
    bed.claim(total, value=bed.case.replicas * (bed.case.replicas + 1) // 2)


@scenario(sites=("outside_scope",), modes=("function",))
def tensors(bed: Bed) -> None:
    """Each replica gets a tensor of its own, and another one in the next step, with one trace."""
    traces = []

    def step(number: tf.Tensor) -> tf.Tensor:
        traces.append(number)
        return number + 0.0

    def total(start: float) -> tf.Tensor:
        numbers = values_of_replicas(bed, lambda replica: tf.constant(start + replica))
        return bed.strategy.reduce("SUM", bed.run(step, numbers), axis=None)

    replicas = bed.case.replicas
    bed.claim(total(1.0), value=replicas * (replicas + 1) / 2)
    traced = len(traces)
    bed.claim(total(10.0), value=10.0 * replicas + replicas * (replicas - 1) / 2)
    bed.claim(len(traces) - traced, value=0)


if __name__ == "__main__":
    run_script()
