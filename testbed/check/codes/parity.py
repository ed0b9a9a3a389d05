"""Codes of programs that compute otherwise on several replicas than on one."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB901",
        "wrong_value",
        ERROR,
        "the update is as many times as long as there are replicas",
        "the loss is a mean over the batch of one replica, and the gradients of all replicas are"
        " added",
        "divide the loss by the batch of all replicas: tf.nn.compute_average_loss(losses,"
        " global_batch_size=BATCH), or the mean by strategy.num_replicas_in_sync",
        "loss_scale.mean_of_own_batch",
        wrong="""\
def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            (model(x) - y) ** 2)
    gradients = tape.gradient(loss, weights)
    optimizer.apply(gradients, weights)
""",
        right="""\
def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.nn.compute_average_loss(
            (model(x) - y)[:, 0] ** 2,
            global_batch_size=BATCH)
    gradients = tape.gradient(loss, weights)
    optimizer.apply(gradients, weights)
""",
    ),
    Code(
        "TB902",
        "wrong_value",
        ERROR,
        "the update is one part of what it is on one replica: the loss is divided twice",
        "the loss is divided by the number of replicas, and something else averages or divides,"
        " too: an average of the gradients, or a loss object of Keras, which divides by itself",
        "divide once: drop the division, or add the gradients instead of averaging them",
        "loss_scale.divided_twice",
        wrong="""\
loss = loss_object(y, model(x))
loss /= strategy.num_replicas_in_sync
""",
        right="""\
loss = loss_object(y, model(x))
""",
    ),
    Code(
        "TB903",
        "wrong_value",
        ERROR,
        "the update differs from that on one replica",
        "each replica clips, normalises or averages by what it sees of its own part of the batch,"
        " before the parts are added",
        "reduce first (all_reduce the gradients, or the sum and the count of a mean), then clip,"
        " normalise or divide",
        "clipping.before_the_sum",
        wrong="""\
gradients, _ = tf.clip_by_global_norm(
    gradients, 1.0)
optimizer.apply(gradients, weights)
""",
        right="""\
gradients = replica_context().all_reduce(
    "SUM", gradients)
gradients, _ = tf.clip_by_global_norm(
    gradients, 1.0)
# the optimizer adds them up once more
optimizer.apply(
    [each / REPLICAS for each in gradients],
    weights)
""",
    ),
    Code(
        "TB904",
        "wrong_value",
        ERROR,
        "a reported number is a multiple or a fraction of what one replica reports",
        "numbers of the replicas are added that should be averaged, or averaged that should be"
        " added; the training itself is right",
        "reduce means by MEAN, and sums or parts of the whole by SUM; in a metric add a total and a"
        " count, and divide in result()",
        "reported.sum_of_means",
        wrong="""\
# step returns a mean
loss = strategy.run(step, (batch,))
total = strategy.reduce(
    "SUM", loss, axis=None)
""",
        right="""\
# step returns a mean
loss = strategy.run(step, (batch,))
mean = strategy.reduce(
    "MEAN", loss, axis=None)
""",
    ),
    Code(
        "TB905",
        "wrong_value",
        ERROR,
        "regularisation counts once for each replica",
        "each replica adds the whole regularisation to its loss, and the gradients of all replicas"
        " are added",
        "divide it: tf.nn.scale_regularization_loss(sum(model.losses))",
        "regularisation.of_each_replica",
        wrong="""\
loss = tf.nn.compute_average_loss(
    errors, global_batch_size=BATCH)
loss += sum(model.losses)
""",
        right="""\
loss = tf.nn.compute_average_loss(
    errors, global_batch_size=BATCH)
loss += tf.nn.scale_regularization_loss(
    sum(model.losses))
""",
    ),
    Code(
        "TB906",
        "wrong_value",
        ERROR,
        "a counter runs as many times as fast as there are replicas",
        "each replica adds to it, and the sums are added; what depends on it, like a schedule, runs"
        " too fast",
        "count outside of strategy.run, or use aggregation=ONLY_FIRST_REPLICA",
        "aggregation.counted_by_each_replica",
        wrong="""\
with strategy.scope():
    steps = tf.Variable(0, aggregation=SUM)

def step(batch):
    steps.assign_add(1)
""",
        right="""\
with strategy.scope():
    steps = tf.Variable(
        0, aggregation=ONLY_FIRST_REPLICA)

def step(batch):
    steps.assign_add(1)
""",
    ),
    Code(
        "TB907",
        "wrong_value",
        WARNING,
        "the gradients are a multiple of what they are on one replica, and the optimizer hides it",
        "the loss is not divided by the batch of all replicas, or divided twice; Adam and its kin"
        " make equal updates of longer gradients, while limits, other optimizers and reported"
        " losses do not",
        "divide the loss once by the batch of all replicas: tf.nn.compute_average_loss(losses,"
        " global_batch_size=BATCH), or the mean by strategy.num_replicas_in_sync",
        "loss_scale.mean_of_own_batch",
        wrong="""\
optimizer = tf.keras.optimizers.Adam()

loss = tf.reduce_mean((model(x) - y) ** 2)
""",
        right="""\
optimizer = tf.keras.optimizers.Adam()

loss = tf.reduce_mean((model(x) - y) ** 2)
loss /= strategy.num_replicas_in_sync
""",
    ),
)
