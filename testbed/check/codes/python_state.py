"""Codes of mistakes with Python state and with values that traces keep."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, NOTE, Code

CODES = (
    Code(
        "TB301",
        "counted_per_replica",
        ERROR,
        "the replica function changes Python state",
        "it runs once for each replica, and in a tf.function only while that is traced",
        "count outside of strategy.run, or in a tf.Variable of the scope",
        "python_state.int_counter",
        wrong="""\
steps = 0

def step():
    global steps
    steps += 1

strategy.run(step)  # steps is 2
""",
        right="""\
steps = 0

def step():
    ...

strategy.run(step)
steps += 1
""",
    ),
    Code(
        "TB302",
        "frozen_in_trace",
        ERROR,
        "a value that a tf.function read when it was traced has changed since",
        "the trace keeps the number, the array or the variable that it read",
        "pass it as a tensor argument, or keep it in a tf.Variable and assign to that",
        "frozen_global.python_float",
        wrong="""\
rate = 0.1

@tf.function
def scaled(x):
    return rate * x

scaled(x)
rate = 0.01
scaled(x)  # still 0.1 * x
""",
        right="""\
@tf.function
def scaled(x, rate):
    return rate * x

rate = tf.constant(0.1)
scaled(x, rate)
rate = tf.constant(0.01)
scaled(x, rate)
""",
    ),
    Code(
        "TB303",
        "symbolic_leak",
        ERROR,
        "a tensor of a finished trace is kept",
        "it has no value outside of the tf.function in which it was made",
        "return it from the tf.function",
        "module_global.kept_from_trace",
        wrong="""\
kept = []

@tf.function
def step(x):
    kept.append(x * 2.0)

step(x)
print(kept[0] + 1.0)  # raises
""",
        right="""\
@tf.function
def step(x):
    return x * 2.0


kept = step(x)
print(kept + 1.0)
""",
    ),
    Code(
        "TB304",
        "per_replica_leak",
        ERROR,
        "a PerReplica value is used where one tensor is needed",
        "strategy.run returns one value for each replica",
        "reduce it, or take strategy.experimental_local_results of it",
        "per_replica_value.given_to_op",
        wrong="""\
losses = strategy.run(step)
total = tf.add(losses, 1.0)
""",
        right="""\
losses = strategy.run(step)
total = 1.0 + strategy.reduce(
    "SUM", losses, axis=None)
""",
    ),
    Code(
        "TB305",
        "last_replica_wins",
        ERROR,
        "each replica stores its own value under one name",
        "the replicas of a worker share its Python objects, so the value of the last replica"
        " remains",
        "return it from strategy.run and reduce the result",
        "module_global.rebound_in_replica",
        wrong="""\
logs = {}

def step(batch):
    logs["loss"] = tf.reduce_mean(batch)

strategy.run(step, (batch,))
print(logs["loss"])
""",
        right="""\
def step(batch):
    return tf.reduce_mean(batch)

losses = strategy.run(step, (batch,))
print(strategy.reduce(
    "MEAN", losses, axis=None))
""",
    ),
    Code(
        "TB306",
        "workers_diverge",
        ERROR,
        "the replica function stores a different value under one name on each worker",
        "each worker is a separate Python process, and stores what its own replica computed",
        "return it from strategy.run and reduce the result",
        "python_state.dict_of_metrics",
        wrong="""\
logs = {}

def step(batch):
    logs["loss"] = tf.reduce_mean(batch)

strategy.run(step, (batch,))
print(logs["loss"])
""",
        right="""\
def step(batch):
    return tf.reduce_mean(batch)

losses = strategy.run(step, (batch,))
print(strategy.reduce(
    "MEAN", losses, axis=None))
""",
    ),
    Code(
        "TB307",
        "not_shared",
        ERROR,
        "a tensor takes the place of a variable",
        "`v = v + 1` computes a tensor and binds the name to it; the variable keeps its value,"
        " so other code that uses it sees no change",
        "call v.assign_add(1)",
        "rebound_variable.kept_by_rebinding",
        wrong="""\
with strategy.scope():
    v = tf.Variable(1.0)
kept = v

v = v + 1.0  # kept is still 1.0
""",
        right="""\
with strategy.scope():
    v = tf.Variable(1.0)
kept = v

v.assign_add(1.0)
""",
    ),
    Code(
        "TB308",
        "frozen_in_trace",
        ERROR,
        "a random number is drawn while a tf.function is traced",
        "Python draws it once, and every call uses that number again",
        "draw with tf.random.Generator or tf.random.stateless_uniform, or pass the number as an"
        " argument",
        "numpy_state.drawn_anew",
        wrong="""\
@tf.function
def noisy(x):
    return x + np.random.normal()

noisy(x)
noisy(x)  # the same noise
""",
        right="""\
@tf.function
def noisy(x):
    return x + tf.random.normal([])

noisy(x)
noisy(x)
""",
    ),
    Code(
        "TB309",
        "",
        NOTE,
        "a tf.function is traced in most of its calls",
        "the result is right, but tracing takes far longer than a step",
        "pass numbers as tensors, pass batches of one shape, and make the tf.function once",
        "",
        wrong="""\
@tf.function
def scaled(rate):
    return rate * 2.0

for epoch in range(9):
    scaled(0.1 * epoch)
""",
        right="""\
@tf.function
def scaled(rate):
    return rate * 2.0

for epoch in range(9):
    scaled(tf.constant(0.1 * epoch))
""",
    ),
)
