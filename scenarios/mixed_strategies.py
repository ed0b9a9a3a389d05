"""Mixed strategies: a variable of one strategy's scope, used under another one or `tf.device`."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"

# A cure needs no single device beside it.
REPLICATED = ("mirrored", "multi_worker_mirrored")
SCOPED = ("one_device", "mirrored", "multi_worker_mirrored")


def create() -> tf.Variable:
    return tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)


def places(values: Any) -> list[str]:
    """The part of every device's name that tells devices of one worker apart."""
    return [str(getattr(value, "device", value)).rpartition("device:")[2] for value in values]


@scenario(modes=("eager",))
@breaks(
    "rejected",
    site="in_scope",
    error="Mixing different tf.distribute.Strategy objects",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="assign outside every scope, as assigned_outside_scopes does, or keep to one strategy",
)
def assigned_under_other_scope(bed: Bed) -> None:
    """A variable can be assigned under the scope of another strategy."""
    weight = bed.make(create)
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        weight.assign(2.0)
    bed.claim(weight, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=REPLICATED)
def assigned_outside_scopes(bed: Bed) -> None:
    """A variable of a scope can be assigned outside every scope."""
    weight = bed.make(create)
    weight.assign(2.0)
    bed.claim(weight, value=2.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("mirrored",))
@breaks(
    "rejected",
    error="Mixing different tf.distribute.Strategy objects",
    cure="make one strategy and pass it, or take variable.distribute_strategy",
)
def run_by_equal_strategy(bed: Bed) -> None:
    """A second strategy over the same devices runs steps on the variables of the first."""
    weight = bed.make(create)
    second = tf.distribute.MirroredStrategy(list(bed.strategy.extended.worker_devices))
    second.run(lambda: weight.assign_add(1.0))
    bed.claim(weight, value=2.0, start=1.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=("mirrored",))
def run_by_strategy_of_variable(bed: Bed) -> None:
    """The strategy that a variable itself names runs steps on it."""
    weight = bed.make(create)
    weight.distribute_strategy.run(lambda: weight.assign_add(1.0))
    bed.claim(weight, value=2.0, start=1.0)


@scenario(sites=("in_scope",), modes=("function",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="create it in the scope of the strategy whose steps count, as counter_of_own_scope",
)
def counter_of_other_scope(bed: Bed) -> None:
    """A counter counts steps, whichever strategy's scope it was made in."""
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        steps = create()
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=6.0, start=1.0)


@scenario(sites=("in_scope",), modes=("function",), strategies=REPLICATED)
def counter_of_own_scope(bed: Bed) -> None:
    """A counter counts steps when it was made in the scope of the strategy that runs them."""
    steps = bed.make(create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=6.0, start=1.0)


@scenario(sites=("in_scope",), modes=("eager",), strategies=SCOPED)
@breaks(
    "rejected",
    error="Mixing different tf.distribute.Strategy objects",
    cure="leave one scope before entering the other, as scopes_in_turn does",
)
def nested_scopes(bed: Bed) -> None:
    """A scope can be entered within the scope of another strategy."""
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        weight = bed.make(create)
    bed.claim(weight, value=1.0, mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",), strategies=SCOPED)
def scopes_in_turn(bed: Bed) -> None:
    """A scope can be entered after that of another strategy, and its variables are its own."""
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        create()
    bed.claim(bed.make(create), value=1.0, mirrored=True)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="Method requires being in cross-replica context",
    cure="call the inner step itself: it is on every replica already",
)
def run_within_run(bed: Bed) -> None:
    """A step can call strategy.run for a part of its work."""
    weight = bed.make(create)
    bed.run(lambda: bed.strategy.run(lambda: weight.assign_add(1.0)))
    bed.claim(weight, value=2.0, start=1.0)


@scenario(modes=("eager",))
@breaks(
    "wrong_value",
    site="in_scope",
    when=lambda case: case.strategy == "one_device" or case.replicas_per_worker > 1,
    cure="create it outside the scope: in the scope, the strategy decides where copies live",
)
def device_of_variable(bed: Bed) -> None:
    """A variable that is made under tf.device lives on that device, and nowhere else."""
    with tf.device("CPU:0"):
        weight = bed.make(create)
    copies = bed.strategy.experimental_local_results(weight)
    bed.claim(places(copies), value=["CPU:0"])


@scenario(sites=("in_scope",), modes=("eager",), strategies=SCOPED)
@breaks(
    "wrong_value",
    when=lambda case: case.strategy == "one_device" or case.replicas_per_worker > 1,
    cure="leave tf.device out of steps, as computed_in_step does",
)
def computed_under_device(bed: Bed) -> None:
    """A step computes on the device of its replica, though it was written for CPU:0."""

    def step(mine: tf.Tensor) -> tf.Tensor:
        with tf.device("CPU:0"):
            return tf.square(mine)

    squares = bed.run(step, bed.data(lambda replica: replica + 1.0))
    found = places(bed.strategy.experimental_local_results(squares))
    bed.claim(found, value=places(bed.strategy.extended.worker_devices))


@scenario(sites=("in_scope",), modes=("eager",), strategies=SCOPED)
def computed_in_step(bed: Bed) -> None:
    """A step that names no device computes on the device of its replica."""
    squares = bed.run(lambda mine: tf.square(mine), bed.data(lambda replica: replica + 1.0))
    found = places(bed.strategy.experimental_local_results(squares))
    bed.claim(found, value=places(bed.strategy.extended.worker_devices))


if __name__ == "__main__":
    run_script()
