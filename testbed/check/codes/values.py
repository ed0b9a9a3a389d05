"""Codes of mistakes in what variables and their copies hold."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, Code

CODES = (
    Code(
        "TB201",
        "replicas_diverge",
        ERROR,
        "a variable's copies hold different values",
        "each replica wrote its own copy, and nothing brought them together; a checkpoint keeps"
        " the first one",
        "give it an aggregation, or reduce before assigning",
        "aggregation.none_assigned_in_replica",
        wrong="""\
with strategy.scope():
    last = tf.Variable(
        0.0, synchronization=ON_READ)

def step(batch):
    last.assign(tf.reduce_mean(batch))

strategy.run(step, (batch,))
""",
        right="""\
with strategy.scope():
    last = tf.Variable(
        0.0, aggregation=MEAN)

def step(batch):
    last.assign(tf.reduce_mean(batch))

strategy.run(step, (batch,))
""",
    ),
    Code(
        "TB202",
        "workers_diverge",
        ERROR,
        "a mirrored variable holds a different value on each worker",
        "each worker assigned its own value, and nothing brought them together",
        "assign a value that is equal on all workers: the result of a reduction",
        "aggregation.only_first_replica",
        wrong="""\
with strategy.scope():
    start = tf.Variable(0.0)

start.assign(float(rank))
""",
        right="""\
with strategy.scope():
    start = tf.Variable(0.0)

mean = strategy.reduce(
    "MEAN", tf.constant(float(rank)), axis=None)
start.assign(mean)
""",
    ),
    Code(
        "TB203",
        "wrong_value",
        ERROR,
        "a tf.function is called with another variable than it was traced with",
        "distributed variables of one shape share a trace, which keeps using the first variable",
        "close over the variable, or pass a tf.Module that holds it",
        "argument.two_swapped",
        wrong="""\
@tf.function
def add_one(variable):
    variable.assign_add(1.0)

add_one(first)
add_one(second)  # adds to first
""",
        right="""\
def adder(variable):
    @tf.function
    def add_one():
        variable.assign_add(1.0)
    return add_one

adder(first)()
adder(second)()
""",
    ),
    Code(
        "TB204",
        "counted_per_replica",
        ERROR,
        "a replica writes the copy of another replica",
        "a function that was traced outside strategy.run keeps using the copy that it found there,"
        " whichever replica calls it; code that picks one copy itself has the same effect",
        "call a plain function in the step, and put the call of strategy.run into a tf.function",
        "component_writes.counted_in_concrete_function",
        wrong="""\
@tf.function
def count():
    steps.assign_add(1.0)

traced = count.get_concrete_function()
strategy.run(traced)
""",
        right="""\
def count():
    steps.assign_add(1.0)

@tf.function
def train():
    strategy.run(count)

train()
""",
    ),
    Code(
        "TB205",
        "wrong_value",
        ERROR,
        "a mean, ratio or extreme is summed up over the replicas",
        "a variable with ON_READ and SUM, like a weight of a metric, is read as the sum of its"
        " copies; a sum of means, ratios, maxima or minima grows with the number of replicas",
        "add the sums and the counts to variables of their own, and divide them after reading"
        " (in a metric: in result()); return a maximum or minimum from strategy.run instead, and"
        " take that of all replicas",
        "sync_on_read.ratio_assigned",
        wrong="""\
def update_state(self, labels, guesses):
    hits = tf.equal(labels, guesses)
    self.accuracy.assign(tf.reduce_mean(
        tf.cast(hits, tf.float32)))

def result(self):
    return self.accuracy
""",
        right="""\
def update_state(self, labels, guesses):
    hits = tf.equal(labels, guesses)
    self.hits.assign_add(tf.reduce_sum(
        tf.cast(hits, tf.float32)))
    self.seen.assign_add(
        tf.cast(tf.size(hits), tf.float32))

def result(self):
    return self.hits / self.seen
""",
    ),
)
