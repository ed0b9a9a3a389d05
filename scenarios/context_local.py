"""Kept in a ContextVar, a threading.local or a scope: what each thread has its own of."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed import Bed, breaks, run_script, scenario

GROUP = "ways of sharing"

current_steps: contextvars.ContextVar[tf.Variable] = contextvars.ContextVar("current_steps")
loss_scale: contextvars.ContextVar[float] = contextvars.ContextVar("loss_scale", default=1.0)
last_loss: contextvars.ContextVar[tf.Tensor] = contextvars.ContextVar("last_loss", default=-1.0)
local = threading.local()


def create_counter() -> tf.Variable:
    return tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)


def in_thread(function: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="read it before strategy.run and let the step close over it: replicas run in threads",
)
def setting_of_context(bed: Bed) -> None:
    """A step reads the value to which its caller has set a ContextVar, not the default."""
    loss_scale.set(0.75)
    losses = bed.run(lambda: loss_scale.get() * tf.constant(8.0))
    bed.claim(losses, value=6.0)


@scenario(sites=("in_scope",), modes=("eager",))
def setting_read_before(bed: Bed) -> None:
    """A step closes over what its caller has read from a ContextVar."""
    loss_scale.set(0.75)
    scale = loss_scale.get()
    losses = bed.run(lambda: scale * tf.constant(8.0))
    bed.claim(losses, value=6.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="LookupError",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="read it before strategy.run and let the step close over it: replicas run in threads",
)
def counter_in_context(bed: Bed) -> None:
    """A counter in a ContextVar counts steps."""
    steps = bed.make(create_counter)
    current_steps.set(steps)
    bed.run(lambda: current_steps.get().assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "rejected",
    error="AttributeError: '_thread._local' object has no attribute 'steps'",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="read it before strategy.run and let the step close over it: replicas run in threads",
)
def counter_in_thread_local(bed: Bed) -> None:
    """A counter in a threading.local counts steps."""
    local.steps = bed.make(create_counter)
    bed.run(lambda: local.steps.assign_add(1.0), times=5)
    bed.claim(local.steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.strategy in ("mirrored", "multi_worker_mirrored"),
    cure="return it from strategy.run: what a replica sets is gone with its thread",
)
def set_in_step(bed: Bed) -> None:
    """A ContextVar that the step sets holds the mean that the step computed."""

    def step(mine: tf.Tensor) -> None:
        context = tf.distribute.get_replica_context()
        last_loss.set(context.all_reduce(tf.distribute.ReduceOp.MEAN, mine))

    bed.run(step, bed.data(lambda replica: 2.0 * (replica + 1)))
    bed.claim(last_loss.get(), value=bed.case.replicas + 1.0)


@scenario(sites=("in_scope",), modes=("eager",))
def returned_by_step(bed: Bed) -> None:
    """What the step returns, its caller may keep in a ContextVar."""
    losses = bed.run(lambda mine: mine * 1.0, bed.data(lambda replica: 2.0 * (replica + 1)))
    last_loss.set(bed.strategy.reduce("MEAN", losses, axis=None))
    bed.claim(last_loss.get(), value=bed.case.replicas + 1.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "counted_per_replica",
    when=lambda case: case.replicas_per_worker > 1,
    cure="enter strategy.scope() in the thread that makes the variable: scopes are per thread",
)
def counter_made_in_thread(bed: Bed) -> None:
    """A counter that a thread makes while the scope is entered counts steps."""
    steps = bed.make(in_thread, create_counter)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("outside_scope",), modes=("eager",))
def counter_made_in_thread_in_scope(bed: Bed) -> None:
    """A counter that a thread makes in a scope that it enters itself counts steps."""

    def create() -> tf.Variable:
        with bed.strategy.scope():
            return create_counter()

    steps = bed.make(in_thread, create)
    bed.run(lambda: steps.assign_add(1.0), times=5)
    bed.claim(steps, value=5.0)


@scenario(sites=("in_scope",), modes=("eager",))
@breaks(
    "wrong_value",
    when=lambda case: case.replicas > 1,
    cure="ask for the replica's id before the thread starts, and pass it to the thread",
)
def replica_id_in_helper_thread(bed: Bed) -> None:
    """A thread that a step starts knows in which replica it was started."""

    def replica_id() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return tf.convert_to_tensor(context.replica_id_in_sync_group)

    ids = bed.run(lambda: in_thread(replica_id))
    replicas = bed.case.replicas
    bed.claim(bed.strategy.reduce("SUM", ids, axis=None), value=replicas * (replicas - 1) // 2)


@scenario(sites=("in_scope",), modes=("eager",))
def replica_id_passed_to_thread(bed: Bed) -> None:
    """A thread that a step starts gets the id of its replica from the step."""

    def step() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        mine = tf.convert_to_tensor(context.replica_id_in_sync_group)
        return in_thread(lambda: mine + 0)

    replicas = bed.case.replicas
    ids = bed.strategy.reduce("SUM", bed.run(step), axis=None)
    bed.claim(ids, value=replicas * (replicas - 1) // 2)


if __name__ == "__main__":
    run_script()
