"""Errors of variables that have several copies: aggregations, and methods that do not exist."""

from __future__ import annotations

from testbed.check.known_errors.entry import EMPTY, TENSORFLOW, TF_KERAS, KnownError, Sign

_KIND = r"(?P<kind>MirroredVariable|SyncOnReadVariable|DistributedVariable|AggregatingVariable)"

ERRORS = (
    KnownError(
        "sum_of_common_value",
        "replicas sum one object that all of them have in common",
        (
            Sign(
                ("ValueError",),
                r"A non-DistributedValues value (?P<value>.+) cannot be reduced with the given"
                r" reduce op (?:ReduceOp\.)?(?P<reduction>\w+)",
            ),
        ),
        "all replicas bring the very same object {value}, a Python number or a tensor from outside"
        " of the step, and it is not clear whether it counts once or once per replica",
        "let each replica make a tensor in the step: tf.constant(...), or a value computed from its"
        " batch",
        """\
with strategy.scope():
    count = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

strategy.run(lambda: count.assign_add(1.0))
""",
        """\
with strategy.scope():
    count = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

strategy.run(lambda: count.assign_add(tf.constant(1.0)))
""",
        scenario="aggregation.sum_of_python_values",
        threads=("tensorflow#31852",),
    ),
    KnownError(
        "mean_of_integers",
        "a variable of integers has the aggregation MEAN",
        (
            Sign(
                ("ValueError",),
                r"creating distributed tf\.Variable with aggregation=MEAN and a non-floating dtype",
            ),
        ),
        "the mean of integers is no integer",
        "for a counter of steps take ONLY_FIRST_REPLICA, for a count of examples SUM, or a float"
        " dtype",
        """\
with strategy.scope():
    steps = tf.Variable(0, aggregation=tf.VariableAggregation.MEAN)
strategy.run(lambda: steps.assign_add(1))
""",
        """\
with strategy.scope():
    steps = tf.Variable(0, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
strategy.run(lambda: steps.assign_add(1))
""",
        scenario="aggregation.integer_mean",
    ),
    KnownError(
        "aggregation_is_missing",
        "a step assigns to a variable without an aggregation",
        (
            Sign(
                ("ValueError",),
                r"You must specify an aggregation method to update a (?P<kind>\w+) in Replica",
            ),
        ),
        "the copies of a {kind} must stay equal, and without an aggregation TensorFlow does not"
        " know how to combine what the replicas assign",
        "give the variable the aggregation that you mean: MEAN or SUM of what the replicas assign,"
        " ONLY_FIRST_REPLICA where all assign the same",
        """\
strategy = tf.distribute.experimental.CentralStorageStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    total = tf.Variable(0.0)
strategy.run(lambda: total.assign_add(1.0))
""",
        """\
strategy = tf.distribute.experimental.CentralStorageStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    total = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
strategy.run(lambda: total.assign_add(tf.constant(1.0)))
""",
        threads=("tensorflow#23792", "transformers#2794", "mlcommons/training#452"),
    ),
    KnownError(
        "scatter_with_aggregation",
        "a step scatters into a variable with an aggregation",
        (
            Sign(
                ("NotImplementedError",),
                r"(?P<method>scatter_\w+) is only supported for mirrored variable",
            ),
        ),
        "{method} cannot combine what several replicas write to different rows",
        "make the new value as a whole (tf.tensor_scatter_nd_update) and assign it, with an"
        " aggregation",
        """\
with strategy.scope():
    table = tf.Variable(tf.zeros([4]), aggregation=tf.VariableAggregation.MEAN)

def step():
    table.scatter_update(tf.IndexedSlices(tf.constant([1.0]), tf.constant([2])))

strategy.run(step)
""",
        """\
with strategy.scope():
    table = tf.Variable(tf.zeros([4]), aggregation=tf.VariableAggregation.MEAN)

def step():
    table.assign(tf.tensor_scatter_nd_update(table, [[2]], [1.0]))

strategy.run(step)
""",
        scenario="sliced_assign.scattered_in_replica",
    ),
    KnownError(
        "tf_keras_metric_outside_step",
        "a tf_keras metric is updated outside of a step",
        (
            Sign(
                ("ValueError",),
                r"SyncOnReadVariable does not support `(?P<method>\w+)` in cross-replica context",
                r"tf_keras/src/metrics/",
            ),
        ),
        "each replica adds to its own copy of a metric's total, and reading adds the copies up;"
        " under strategy.scope it is not clear to which copy to add",
        "call update_state in the step, or outside of strategy.scope()",
        """\
from tf_keras import metrics
with strategy.scope():
    loss = metrics.Mean()
    loss.update_state(1.0)
""",
        """\
from tf_keras import metrics
with strategy.scope():
    loss = metrics.Mean()
strategy.run(lambda: loss.update_state(1.0))
""",
        seen_on=(TENSORFLOW, TF_KERAS),
        scenario="metric.tf_keras_after_step",
        threads=("keras#16828", "tensorflow#56875"),
    ),
    KnownError(
        "sync_on_read_added_outside_step",
        "a variable with ON_READ and SUM is added to outside of a step",
        (
            Sign(
                ("ValueError",),
                r"SyncOnReadVariable does not support `(?P<method>\w+)` in cross-replica context",
            ),
        ),
        "each replica has its own copy, and reading adds them up; {method} outside of a step would"
        " count once per copy",
        "call {method} in the step; outside, assign a whole value, which TensorFlow divides among"
        " the copies",
        """\
with strategy.scope():
    seen = tf.Variable(
        0.0,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
    seen.assign_add(1.0)
""",
        """\
with strategy.scope():
    seen = tf.Variable(
        0.0,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
    )
strategy.run(lambda: seen.assign_add(1.0))
""",
        scenario="sync_on_read.added_outside_run",
        threads=("tensorflow#40366", "keras#16828"),
    ),
    KnownError(
        "sync_on_read_without_aggregation",
        "a variable with ON_READ and without an aggregation is read",
        (
            Sign(
                ("ValueError",),
                r"Could not convert from `tf\.VariableAggregation` \w+\.NONE",
            ),
        ),
        "ON_READ combines the copies when the variable is read, and no aggregation says how",
        "give it aggregation=SUM, MEAN or ONLY_FIRST_REPLICA; or read the copies one by one by"
        " strategy.experimental_local_results(variable)",
        """\
with strategy.scope():
    seen = tf.Variable(0.0, synchronization=tf.VariableSynchronization.ON_READ)
strategy.run(lambda: seen.assign_add(1.0))
print(seen.numpy())
""",
        """\
on_read = tf.VariableSynchronization.ON_READ
with strategy.scope():
    seen = tf.Variable(0.0, synchronization=on_read, aggregation=tf.VariableAggregation.SUM)
strategy.run(lambda: seen.assign_add(1.0))
print(seen.numpy())
""",
        scenario="synchronization_none.read_outside_run",
    ),
    KnownError(
        "synchronization_none",
        "a variable is made with the synchronization NONE",
        (Sign(("ValueError",), r"`NONE` variable synchronization mode is not supported with"),),
        "a strategy with several replicas needs to know when the copies are combined",
        "leave synchronization out (AUTO), or say ON_WRITE or ON_READ",
        """\
with strategy.scope():
    state = tf.Variable(0.0, synchronization=tf.VariableSynchronization.NONE)
""",
        """\
with strategy.scope():
    state = tf.Variable(0.0, synchronization=tf.VariableSynchronization.AUTO)
""",
        scenario="synchronization_none.with_none",
    ),
    KnownError(
        "method_without_copies",
        "a method that a variable with several copies does not have is called",
        (
            Sign(
                ("NotImplementedError", "AttributeError"),
                EMPTY,
                r"tensorflow/python/ops/variables\.py:(?P<method>\w+)>$",
            ),
        ),
        "{method} exists for variables with one copy only; TensorFlow raises it without a word",
        "read the variable first and use a function of tensors (tf.gather, tf.gather_nd,"
        " tf.tensor_scatter_nd_update), then assign the whole value",
        """\
with strategy.scope():
    table = tf.Variable([1.0, 2.0, 3.0])
row = table.sparse_read([1])
""",
        """\
with strategy.scope():
    table = tf.Variable([1.0, 2.0, 3.0])
row = tf.gather(table, [1])
""",
        scenario="variable_api.gathered_by_method",
    ),
    KnownError(
        "variable_as_python_number",
        "a variable with several copies is used as a Python number",
        (
            Sign(
                ("TypeError", "ValueError"),
                r"(?:not|real number, not) '?" + _KIND,
            ),
        ),
        "a {kind} is no number: float(), int(), math functions, % formats and numpy arrays do not"
        " accept it, though they accept a variable with one copy",
        "take its value by variable.numpy()",
        """\
with strategy.scope():
    rate = tf.Variable(0.1)
print("rate %.3f" % rate)
""",
        """\
with strategy.scope():
    rate = tf.Variable(0.1)
print("rate %.3f" % rate.numpy())
""",
        scenario="variable_api.python_float",
    ),
    KnownError(
        "assign_of_a_part_or_result",
        "a method of variables is called on a tensor that was read from one",
        (
            Sign(
                ("AttributeError",),
                r"EagerTensor' object has no attribute '(?P<method>assign(?:_add|_sub)?)'",
            ),
        ),
        "a slice of a mirrored variable, and what its assign returns, are tensors and no variables",
        "assign in separate statements; for a part, make the whole value by"
        " tf.tensor_scatter_nd_update and assign it",
        """\
with strategy.scope():
    weight = tf.Variable(1.0)
weight.assign(2.0).assign_add(1.0)
""",
        """\
with strategy.scope():
    weight = tf.Variable(1.0)
weight.assign(2.0)
weight.assign_add(1.0)
""",
        scenario="variable_api.assigned_in_a_chain",
    ),
)
