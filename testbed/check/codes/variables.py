"""Codes of mistakes in where and when variables are made."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB101",
        "counted_per_replica",
        ERROR,
        "every replica changes a variable that has one copy",
        "made outside strategy.scope() it has one copy for all replicas of a worker, and each"
        " of them adds to it",
        "create it inside strategy.scope(), with the aggregation you mean",
        "module_global.counter",
        wrong="""\
steps = tf.Variable(0.0)

def step():
    steps.assign_add(1.0)

strategy.run(step)  # steps is 2.0
""",
        right="""\
with strategy.scope():
    steps = tf.Variable(0.0, aggregation=MEAN)

def step():
    steps.assign_add(1.0)

strategy.run(step)  # steps is 1.0
""",
    ),
    Code(
        "TB102",
        "last_replica_wins",
        ERROR,
        "every replica assigns a variable that has one copy",
        "made outside strategy.scope() it has one copy, and holds what the last replica assigned",
        "create it inside strategy.scope(), with the aggregation you mean, or return the value"
        " from strategy.run and reduce it",
        "aggregation.mean",
        wrong="""\
loss = tf.Variable(0.0)

def step(batch):
    loss.assign(tf.reduce_mean(batch))

strategy.run(step, (batch,))
""",
        right="""\
def step(batch):
    return tf.reduce_mean(batch)

losses = strategy.run(step, (batch,))
loss = strategy.reduce(
    "MEAN", losses, axis=None)
""",
    ),
    Code(
        "TB103",
        "not_mirrored",
        WARNING,
        "replicas use a variable that has one copy",
        "made outside strategy.scope() it has one copy, on one device of each worker, and"
        " nothing keeps the copies of several workers equal: it is right only while replicas only"
        " read it, or add up in it values that belong to one worker",
        "create it inside strategy.scope()",
        "returned.variable",
        wrong="""\
scale = tf.Variable(2.0)

def step():
    return scale * 3.0

strategy.run(step)
""",
        right="""\
with strategy.scope():
    scale = tf.Variable(2.0)

def step():
    return scale * 3.0

strategy.run(step)
""",
    ),
    Code(
        "TB104",
        "workers_diverge",
        ERROR,
        "a variable that replicas use holds a different value on each worker",
        "made outside strategy.scope() each worker has its own, and nothing keeps them equal",
        "create it inside strategy.scope(), where worker 0's value is broadcast",
        "module_global.random_start",
        wrong="""\
weight = tf.Variable(
    tf.random.normal([2]))

def step():
    return tf.reduce_sum(weight)

strategy.run(step)
""",
        right="""\
with strategy.scope():
    weight = tf.Variable(
        tf.random.normal([2]))

def step():
    return tf.reduce_sum(weight)

strategy.run(step)
""",
    ),
    Code(
        "TB105",
        "wrong_value",
        ERROR,
        "a new variable is made in every step",
        "the value that a step leaves in it is lost in the next step",
        "make it once, inside strategy.scope(), and keep it",
        "made_every_call.state",
        wrong="""\
def step():
    velocity = tf.Variable(0.0)
    velocity.assign_add(1.0)

for _ in range(3):
    strategy.run(step)
""",
        right="""\
with strategy.scope():
    velocity = tf.Variable(
        0.0, aggregation=MEAN)

def step():
    velocity.assign_add(1.0)

for _ in range(3):
    strategy.run(step)
""",
    ),
    Code(
        "TB106",
        "workers_diverge",
        ERROR,
        "workers make their variables in different orders",
        "values are broadcast by order: a variable of one worker receives the value of another"
        " variable",
        "make the same variables in the same order on every worker",
        "creation_order.from_a_set",
        wrong="""\
names = ["a", "b"]
if rank == 1:
    names.reverse()

with strategy.scope():
    made = {name: tf.Variable(float(rank))
            for name in names}
""",
        right="""\
names = ["a", "b"]


with strategy.scope():
    made = {name: tf.Variable(float(rank))
            for name in sorted(names)}
""",
    ),
    Code(
        "TB107",
        "not_mirrored",
        WARNING,
        "a strategy is made, and nothing is trained under it",
        "a model that is made outside strategy.scope(), and not passed to strategy.run, is trained"
        " on one device",
        "make the model and its optimizer, and compile, inside strategy.scope()",
        "keras_fit.model",
        wrong="""\
model = keras.Sequential(
    [keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y)
""",
        right="""\
with strategy.scope():
    model = keras.Sequential(
        [keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(x, y)
""",
    ),
    Code(
        "TB108",
        "counted_per_replica",
        ERROR,
        "every replica changes the entries of a lookup table",
        "all replicas of a worker share one table, whether it is made inside strategy.scope() or"
        " outside, and each of them adds to the entries that the others left",
        "keep the counts in a variable of the scope, indexed by a static table, or change the"
        " table outside of strategy.run",
        "lookup_table.count",
        wrong="""\
counts = tf.lookup.experimental \\
    .MutableHashTable(tf.string, tf.int64, 0)

def step():
    word = tf.constant(["a"])
    counts.insert(
        word, counts.lookup(word) + 1)

strategy.run(step)
""",
        right="""\
with strategy.scope():
    counts = tf.Variable(
        [0.0, 0.0], aggregation=MEAN)

def step():
    seen = tf.one_hot(0, 2)
    counts.assign_add(seen)

strategy.run(step)
""",
    ),
    Code(
        "TB109",
        "replicas_diverge",
        ERROR,
        "replicas make their variables in different orders",
        "the first replica makes the variables, and each other replica gets them in that order:"
        " one name stands for different variables on different replicas",
        "make the same variables in the same order on every replica, or give them names, or make"
        " them once in strategy.scope()",
        "made_differently.in_another_order",
        wrong="""\
made = {}

def step():
    me = (tf.distribute.get_replica_context()
          .replica_id_in_sync_group)
    names = ["a", "b"]
    for name in names[::1 - 2 * int(me)]:
        made[name, int(me)] = tf.Variable(1.0)

strategy.run(step)
""",
        right="""\
with strategy.scope():
    made = {name: tf.Variable(1.0)
            for name in ("a", "b")}

def step():
    return made["a"] + made["b"]

strategy.run(step)
""",
    ),
    Code(
        "TB110",
        "counted_per_replica",
        ERROR,
        "a scope does not reach the threads that are started in it",
        "strategy.scope() holds only for the thread that enters it: a variable that another thread"
        " makes meanwhile has one copy, which every replica changes, and which optimizers"
        " refuse, some of them without a message",
        "enter strategy.scope() in the function that the thread runs",
        "context_local.counter_made_in_thread",
        wrong="""\
with strategy.scope():
    thread = threading.Thread(target=create)
    thread.start()
    thread.join()

def create():
    made.append(tf.Variable(0.0))
""",
        right="""\
thread = threading.Thread(target=create)
thread.start()
thread.join()

def create():
    with strategy.scope():
        made.append(tf.Variable(0.0))
""",
    ),
    Code(
        "TB111",
        "not_shared",
        ERROR,
        "a name that is asked for again gives a new variable",
        "in eager mode tf.compat.v1.get_variable always makes a variable, with whatever reuse: what"
        " is trained, counted or restored in one of them never reaches the other",
        "make the variable once, let a tf.Module or a layer own it, and pass that",
        "get_variable.in_eager_mode",
        wrong="""\
v1 = tf.compat.v1
with strategy.scope():
    w = v1.get_variable(
        "w", initializer=[1.0])

with v1.variable_scope(
        v1.get_variable_scope(),
        reuse=True):
    again = v1.get_variable("w", [1])
# again is another variable
""",
        right="""\
class Scale(tf.Module):
    def __init__(self):
        self.w = tf.Variable([1.0])

with strategy.scope():
    scale = Scale()

w = scale.w
again = scale.w
""",
    ),
)
