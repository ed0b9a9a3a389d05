"""Errors of values that differ between replicas: PerReplica objects, and structures of results."""

from __future__ import annotations

from testbed.check.known_errors.entry import KERAS, TENSORFLOW, WORKERS, KnownError, Sign

ERRORS = (
    KnownError(
        "distributed_batch_for_layer",
        "a layer or model is called on a distributed batch, outside of a step",
        (
            Sign(
                ("ValueError",), r"Only input tensors may be passed as positional[\s\S]*PerReplica"
            ),
            # Keras 2 and tf_keras.
            Sign(("TypeError",), r"Inputs to a layer should be tensors\. Got '?PerReplica"),
        ),
        "a batch of a distributed dataset holds one part for each replica, and a layer takes one"
        " tensor",
        "call the model in a function that strategy.run calls: strategy.run(step, args=(batch,))",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
data = tf.data.Dataset.from_tensor_slices(np.ones((8, 3), "float32")).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    outputs = model(batch)
""",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
data = tf.data.Dataset.from_tensor_slices(np.ones((8, 3), "float32")).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    outputs = strategy.run(lambda batch: model(batch), args=(batch,))
""",
        code="TB304",
        seen_on=(TENSORFLOW, KERAS),
        threads=("tensorflow#35404",),
    ),
    KnownError(
        "per_replica_gradients",
        "gradients that strategy.run has returned are used outside of a step",
        (
            Sign(
                ("ValueError",),
                r"Type PerReplica is not supported as a gradient (?:source|target)",
            ),
        ),
        "the gradients are PerReplica objects, with one value for each replica",
        "take and apply the gradients in the same function that strategy.run calls; the optimizer"
        " combines them",
        """\
with strategy.scope():
    weight = tf.Variable(2.0)

gradients = strategy.run(lambda: tf.constant(1.0) * weight)
with tf.GradientTape() as tape:
    loss = tf.identity(weight)
tape.gradient(loss, weight, output_gradients=gradients)
""",
        """\
with strategy.scope():
    weight = tf.Variable(2.0)

def step():
    with tf.GradientTape() as tape:
        loss = tf.identity(weight)
    return tape.gradient(loss, weight)

gradients = strategy.run(step)
""",
        code="TB304",
    ),
    KnownError(
        "per_replica_for_signature",
        "a tf.function with an input_signature of tensors is called on a distributed batch",
        (
            Sign(
                ("TypeError",),
                r"Binding inputs to tf\.function failed due to `'PerReplica' object has no",
            ),
        ),
        "a batch of a distributed dataset is a PerReplica object, which no TensorSpec describes",
        "take the signature from the distributed dataset: input_signature=[data.element_spec]",
        """\
data = tf.data.Dataset.from_tensor_slices(np.ones(8, "float32")).batch(4)
data = strategy.experimental_distribute_dataset(data)

@tf.function(input_signature=[tf.TensorSpec([None])])
def train(batch):
    strategy.run(tf.reduce_sum, args=(batch,))

for batch in data:
    train(batch)
""",
        """\
data = tf.data.Dataset.from_tensor_slices(np.ones(8, "float32")).batch(4)
data = strategy.experimental_distribute_dataset(data)

@tf.function(input_signature=[data.element_spec])
def train(batch):
    strategy.run(tf.reduce_sum, args=(batch,))

for batch in data:
    train(batch)
""",
        code="TB304",
        threads=("tensorflow#61231",),
    ),
    KnownError(
        "per_replica_as_tensor",
        "a PerReplica object is used as a tensor, outside of a step",
        (
            Sign(
                ("ValueError", "TypeError"),
                r"you are using a PerReplica object while not inside a replica context|"
                r"Attempt to convert a value \(PerReplica",
            ),
        ),
        "what strategy.run returns, and a batch of a distributed dataset, holds one value for each"
        " replica; a function of tensors takes one",
        "combine it by strategy.reduce, take the values by strategy.experimental_local_results, or"
        " pass it to strategy.run as an argument",
        """\
def step():
    context = tf.distribute.get_replica_context()
    return tf.cast(context.replica_id_in_sync_group, tf.float32)

losses = strategy.run(step)
print("loss", tf.reduce_mean(losses))
""",
        """\
def step():
    context = tf.distribute.get_replica_context()
    return tf.cast(context.replica_id_in_sync_group, tf.float32)

losses = strategy.run(step)
print("loss", strategy.reduce("MEAN", losses, axis=None))
""",
        code="TB304",
        scenario="per_replica_value.summed_up",
        threads=("tensorflow#35404", "leondgarse/Keras_insightface#68"),
    ),
    KnownError(
        "per_replica_as_number",
        "a PerReplica object is used as a number, a list or a tensor, outside of a step",
        (
            Sign(("TypeError",), r"(?:'PerReplica' and|and 'PerReplica'|[Nn]ot '?PerReplica\b)"),
            Sign(("TypeError",), r"'PerReplica' object is not (?:iterable|subscriptable|callable)"),
            Sign(("TypeError",), r"object of type 'PerReplica' has no len"),
            Sign(("AttributeError",), r"'PerReplica' object has no attribute '\w+'"),
        ),
        "what strategy.run returns, and a batch of a distributed dataset, holds one value for each"
        " replica, and has neither operators nor the attributes of a tensor",
        "combine it by strategy.reduce, or take the values of this worker by"
        " strategy.experimental_local_results",
        """\
def step():
    context = tf.distribute.get_replica_context()
    return tf.cast(context.replica_id_in_sync_group, tf.float32)

total = 0.0
for _ in range(3):
    total += strategy.run(step)
""",
        """\
def step():
    context = tf.distribute.get_replica_context()
    return tf.cast(context.replica_id_in_sync_group, tf.float32)

total = 0.0
for _ in range(3):
    total += strategy.reduce("SUM", strategy.run(step), axis=None)
""",
        code="TB304",
        scenario="per_replica_value.logged_as_float",
        threads=("leondgarse/Keras_insightface#68", "tensorflow#35404"),
    ),
    KnownError(
        "replicas_return_other_structures",
        "replicas return different structures",
        (
            Sign(
                ("AssertionError",),
                frame=r"tensorflow/python/distribute/distribute_utils\.py:regroup",
            ),
        ),
        "a branch on the number of the replica or on its data returns other keys, or a list of"
        " another length, on one replica; strategy.run cannot pair them",
        "return the same keys and lengths from every replica, with zeros where one has nothing",
        """\
def step():
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    logs = {"loss": tf.constant(1.0)}
    if tf.get_static_value(replica) == 0:
        logs["rate"] = tf.constant(0.1)
    return logs

strategy.run(step)
""",
        """\
def step():
    return {"loss": tf.constant(1.0), "rate": tf.constant(0.1)}

strategy.run(step)
""",
    ),
    KnownError(
        "keras_3_batch_on_workers",
        "Keras 3 trains on one batch under MultiWorkerMirroredStrategy",
        (
            Sign(
                ("ValueError",),
                r"Invalid reduction dimension 0 for input with 0 dimensions",
                r"keras/src/backend/tensorflow/trainer\.py:",
            ),
        ),
        "Keras 3 does not support MultiWorkerMirroredStrategy: it reduces the loss of a worker,"
        " which is one number, as if it had an axis",
        "set TF_USE_LEGACY_KERAS=1 before the first import of TensorFlow or Keras (tf_keras"
        " supports it), or write the loop with strategy.run",
        """\
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.train_on_batch(np.ones((8, 3)), np.ones((8, 1)))
""",
        """\
import tf_keras
with strategy.scope():
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
model.fit(np.ones((8, 3)), np.ones((8, 1)), verbose=0)
""",
        strategy=WORKERS,
        seen_on=(TENSORFLOW, KERAS),
        threads=("keras#20585", "tensorflow#72388"),
    ),
    KnownError(
        "reduction_over_missing_axis",
        "strategy.reduce is asked to reduce an axis that the values do not have",
        (
            Sign(
                ("ValueError",),
                r"Invalid reduction dimension (?P<axis>-?\d+) for input with (?P<rank>\d+) dim",
            ),
        ),
        "each replica's value has {rank} dimensions, and there is no axis {axis}",
        "pass axis=None, which reduces over the replicas only; an axis is for values that still"
        " have the dimension of the batch",
        """\
losses = strategy.run(lambda: tf.constant(1.0))
mean = strategy.reduce("MEAN", losses, axis=0)
""",
        """\
losses = strategy.run(lambda: tf.constant(1.0))
mean = strategy.reduce("MEAN", losses, axis=None)
""",
    ),
    KnownError(
        "reduce_without_axis",
        "strategy.reduce is called without an axis",
        (
            Sign(
                ("TypeError",),
                r"(?:Strategy\w*\.)?reduce\(\) missing 1 required positional argument: 'axis'",
            ),
        ),
        "axis has no default: None reduces over the replicas, a number also over that axis of each"
        " replica's value",
        "pass axis=None, or axis=0 for values that still have the dimension of the batch",
        """\
losses = strategy.run(lambda: tf.constant(1.0))
total = strategy.reduce("SUM", losses)
""",
        """\
losses = strategy.run(lambda: tf.constant(1.0))
total = strategy.reduce("SUM", losses, axis=None)
""",
    ),
)
