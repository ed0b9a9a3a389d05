"""Errors of the context: what belongs into a step, and what belongs around it."""

from __future__ import annotations

from testbed.check.known_errors.entry import KERAS, TENSORFLOW, KnownError, Sign

_LIB = r"tensorflow/python/distribute/distribute_lib\.py:"
_CROSS = r"Method requires being in cross-replica context"

ERRORS = (
    KnownError(
        "merge_call_in_control_flow",
        "replicas synchronise inside a condition, a loop or a nested tf.function",
        (Sign(("RuntimeError",), r"`merge_call` called while defining a new graph"),),
        "an assignment with an aggregation, an all_reduce and an optimizer's apply_gradients"
        " synchronise all replicas. Inside tf.cond, a Python if or loop over tensors, or a nested"
        " tf.function of the step, not every replica would come there",
        "move the condition out of strategy.run, or compute with tf.where and synchronise in every"
        " step; put @tf.function around strategy.run and not inside the step",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

def step(x):
    if x > 0.0:
        weight.assign_add(x)

@tf.function
def train(x):
    strategy.run(step, args=(x,))

train(tf.constant(1.0))
""",
        """\
with strategy.scope():
    weight = tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN)

def step(x):
    weight.assign_add(tf.where(x > 0.0, x, 0.0))

@tf.function
def train(x):
    strategy.run(step, args=(x,))

train(tf.constant(1.0))
""",
        scenario="control_flow.assigned_in_if",
        threads=("keras#17429", "tensorflow#59487", "tensorflow#34203", "tf-keras#301"),
    ),
    KnownError(
        "run_within_run",
        "strategy.run is called inside a step",
        (Sign(("RuntimeError",), _CROSS, _LIB + "run>__enter__"),),
        "the step runs on every replica already; only code around it may start another one",
        "call the inner function itself",
        """\
def loss_of(x):
    return x * x

def step(x):
    return strategy.run(loss_of, args=(x,))

strategy.run(step, args=(tf.constant(1.0),))
""",
        """\
def loss_of(x):
    return x * x

def step(x):
    return loss_of(x)

strategy.run(step, args=(tf.constant(1.0),))
""",
        scenario="mixed_strategies.run_within_run",
    ),
    KnownError(
        "reduce_within_run",
        "strategy.reduce is called inside a step",
        (Sign(("RuntimeError",), _CROSS, _LIB + "reduce>_require"),),
        "strategy.reduce combines what strategy.run has returned, and needs to be outside of it",
        "in the step, use tf.distribute.get_replica_context().all_reduce; or return the value and"
        " reduce it after strategy.run",
        """\
def step(x):
    return strategy.reduce("SUM", x * x, axis=None)

strategy.run(step, args=(tf.constant(1.0),))
""",
        """\
def step(x):
    return x * x

losses = strategy.run(step, args=(tf.constant(1.0),))
strategy.reduce("SUM", losses, axis=None)
""",
    ),
    KnownError(
        "gather_within_run",
        "strategy.gather is called inside a step",
        (Sign(("RuntimeError",), r"Strategy\.gather method requires cross-replica context"),),
        "strategy.gather combines what strategy.run has returned, and needs to be outside of it",
        "in the step, use tf.distribute.get_replica_context().all_gather(value, axis=0)",
        """\
def step(x):
    return strategy.gather(x, axis=0)

strategy.run(step, args=(tf.constant([1.0]),))
""",
        """\
def step(x):
    return tf.distribute.get_replica_context().all_gather(x, axis=0)

strategy.run(step, args=(tf.constant([1.0]),))
""",
    ),
    KnownError(
        "scope_within_run",
        "strategy.scope is entered inside a step",
        (Sign(("RuntimeError",), _CROSS, _LIB + "__enter__>_require"),),
        "a step is inside the scope already, on the side of one replica",
        "enter the scope around the code that makes models, variables and optimizers, before"
        " strategy.run",
        """\
def step(x):
    with strategy.scope():
        return x * x

strategy.run(step, args=(tf.constant(1.0),))
""",
        """\
def step(x):
    return x * x

strategy.run(step, args=(tf.constant(1.0),))
""",
    ),
    KnownError(
        "cross_replica_method_in_step",
        "a method of the whole strategy is called inside a step",
        (Sign(("RuntimeError",), _CROSS),),
        "strategy.run, reduce, gather and scope, and most methods of strategy.extended, work on all"
        " replicas together; a step is one replica",
        "call it outside of strategy.run. A step that needs the sum of all replicas uses"
        " tf.distribute.get_replica_context().all_reduce",
        """\
def step(x):
    return strategy.extended.reduce_to("SUM", x, destinations="CPU:0")

strategy.run(step, args=(tf.constant(1.0),))
""",
        """\
def step(x):
    return x * 1.0

parts = strategy.run(step, args=(tf.constant(1.0),))
with strategy.scope():
    strategy.extended.reduce_to("SUM", parts, destinations="CPU:0")
""",
    ),
    KnownError(
        "optimizer_applied_in_scope",
        "an optimizer's step is taken under strategy.scope, outside of strategy.run",
        (
            Sign(
                ("AttributeError",),
                r"'NoneType' object has no attribute 'merge_call'",
                r"keras/src/(?:backend/tensorflow/|optimizers/)",
            ),
        ),
        "apply_gradients combines the gradients of all replicas and needs a replica context; under"
        " strategy.scope there is none, only strategy.run makes one",
        "take the gradient and apply it in a function that strategy.run calls; the scope is for"
        " making the model and the optimizer",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)

def step():
    gradients = [tf.ones_like(v) for v in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

strategy.run(step)
""",
        seen_on=(TENSORFLOW, KERAS),
    ),
    KnownError(
        "no_replica_context",
        "a replica context is used outside of a step",
        (
            Sign(
                ("AttributeError",),
                r"'NoneType' object has no attribute '(?P<method>all_reduce|all_gather|merge_call|"
                r"replica_id_in_sync_group|num_replicas_in_sync)'",
            ),
        ),
        "tf.distribute.get_replica_context() is None under strategy.scope: only a function that"
        " strategy.run calls has a replica context",
        "call {method} in the step; outside, use strategy.reduce, strategy.gather or"
        " strategy.num_replicas_in_sync",
        """\
with strategy.scope():
    context = tf.distribute.get_replica_context()
    total = context.all_reduce("SUM", tf.constant(1.0))
""",
        """\
def step():
    context = tf.distribute.get_replica_context()
    return context.all_reduce("SUM", tf.constant(1.0))

total = strategy.run(step)
""",
    ),
    KnownError(
        "gradient_in_scope",
        "a gradient is taken under strategy.scope, outside of strategy.run",
        (
            Sign(
                ("ValueError",),
                r"DistributedVariable\.handle is not available outside the replica context",
            ),
        ),
        "under strategy.scope a mirrored variable has no handle: it stands for all of its copies,"
        " and the tape wants one",
        "open the tape and take the gradient in a function that strategy.run calls",
        """\
with strategy.scope():
    weight = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        loss = weight * weight
    gradient = tape.gradient(loss, weight)
""",
        """\
with strategy.scope():
    weight = tf.Variable(2.0)

def step():
    with tf.GradientTape() as tape:
        loss = weight * weight
    return tape.gradient(loss, weight)

gradient = strategy.run(step)
""",
        scenario="gradient_tape.gradient_in_scope",
    ),
    KnownError(
        "replicas_synchronise_unequally",
        "replicas synchronise different numbers of times",
        (
            Sign(
                ("RuntimeError",),
                r"Some replicas made a different number of replica_context\(\)\.merge_call\(\)",
            ),
        ),
        "a branch on the number of the replica, or on its data, holds an assignment with an"
        " aggregation, an all_reduce or an optimizer's step: only some replicas came there",
        "let every replica synchronise, and make the value depend on the replica instead (0.0"
        " where it has nothing to add)",
        """\
with strategy.scope():
    count = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

def step():
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    if tf.get_static_value(replica) == 0:
        count.assign_add(tf.constant(1.0))

strategy.run(step)
""",
        """\
with strategy.scope():
    count = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

def step():
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    count.assign_add(tf.cast(replica == 0, tf.float32))

strategy.run(step)
""",
        scenario="collective.computed_by_first_replica",
        threads=("ray-project/raydp#447", "tensorflow#31252"),
    ),
)
