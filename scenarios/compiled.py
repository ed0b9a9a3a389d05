"""A compiled step: `jit_compile=True`, which XLA does for one CPU of a process, and not for two."""

from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "what people do"


def create() -> tf.Variable:
    return tf.Variable(2.0, aggregation=tf.VariableAggregation.MEAN)


def mean_over_replicas(value: tf.Tensor) -> Any:
    return tf.distribute.get_replica_context().all_reduce("mean", value * 1.0)


def product(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return one * other


compiled_product = tf.function(product, jit_compile=True)


@scenario(sites=("outside_scope",), modes=("compiled",))
def pure(bed: Bed) -> None:
    """A step that computes with its arguments alone can be compiled."""
    doubled = bed.run(lambda value: 2.0 * value, bed.data(lambda replica: replica + 1.0))
    bed.claim(bed.strategy.reduce("mean", doubled, axis=None), value=bed.case.replicas + 1.0)


@scenario(modes=("compiled",))
@breaks(
    "rejected",
    error="Trying to access resource",
    site="in_scope",
    when=lambda case: case.strategy == "one_device" or case.replicas_per_worker > 1,
    cure="compile a function of tensors, and call that in the step with what variables hold",
)
def reads_variable(bed: Bed) -> None:
    """A step that reads a variable can be compiled."""
    weight = bed.make(create)
    weighted = bed.run(lambda value: weight * value, bed.data(lambda replica: replica + 1.0))
    bed.claim(bed.strategy.reduce("mean", weighted, axis=None), value=bed.case.replicas + 1.0)


@scenario(sites=("in_scope",), modes=("function", "compiled"))
@breaks(
    "rejected",
    error="Trying to access resource",
    mode="compiled",
    when=lambda case: case.strategy == "one_device" or case.replicas_per_worker > 1,
    cure="compile a function of tensors, and assign in the step what it returns",
)
@breaks(
    "rejected",
    error="Only compiling NCCL/auto collective is supported, got: ring",
    mode="compiled",
    when=lambda case: case.workers > 1,
    cure="compile a function of tensors, and assign in the step what it returns",
)
def adds_mean(bed: Bed) -> None:
    """A step that adds the mean over replicas to a variable of the scope can be compiled."""
    weight = bed.make(create)
    bed.run(lambda value: weight.assign_add(value), bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=2.0 + (bed.case.replicas + 1) / 2)


@scenario(sites=("outside_scope",), modes=("compiled",))
@breaks(
    "rejected",
    error="Trying to access resource",
    when=lambda case: case.replicas_per_worker > 1,
    cure="compile a function of tensors, and reduce in the step what it returns",
)
@breaks(
    "rejected",
    error="Only compiling NCCL/auto collective is supported, got: ring",
    when=lambda case: case.workers > 1,
    cure="compile a function of tensors, and reduce in the step what it returns",
)
def all_reduces(bed: Bed) -> None:
    """A step that reduces over all replicas can be compiled."""
    mean = bed.run(mean_over_replicas, bed.data(lambda replica: replica + 1.0))
    bed.claim(mean, value=(bed.case.replicas + 1) / 2)


@scenario(sites=("in_scope",))
def tensors_only(bed: Bed) -> None:
    """A step can call a compiled function of tensors, and reduce and assign what it returns."""
    weight = bed.make(create)

    def step(value: tf.Tensor) -> None:
        weight.assign_add(mean_over_replicas(compiled_product(weight.read_value(), value)))

    bed.run(step, bed.data(lambda replica: replica + 1.0))
    bed.claim(weight, value=2.0 + (bed.case.replicas + 1.0))


if __name__ == "__main__":
    run_script()
