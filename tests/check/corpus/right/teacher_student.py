# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Distils a fixed teacher into a small student; the temperature falls while it learns."""
import numpy as np
import tensorflow as tf

CLASSES, FEATURES, BATCH = 3, 8, 8

strategy = tf.distribute.MultiWorkerMirroredStrategy()

with strategy.scope():
    temperature = tf.Variable(4.0, trainable=False, name="temperature")
    student = tf.Variable(
        tf.zeros([FEATURES, CLASSES]), aggregation=tf.VariableAggregation.SUM, name="student"
    )

rng = np.random.default_rng(31)
TEACHER = rng.normal(size=(FEATURES, CLASSES)).astype("float32")
INPUTS = rng.normal(size=(BATCH * 4, FEATURES)).astype("float32")


def replica_step(x):
    targets = tf.nn.softmax(tf.matmul(x, TEACHER) / temperature)
    with tf.GradientTape() as tape:
        logits = tf.matmul(x, student) / temperature
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        loss = tf.reduce_sum(losses) / BATCH
    student.assign_sub(0.5 * tape.gradient(loss, student))
    return loss


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
dataset = tf.data.Dataset.from_tensor_slices(INPUTS).batch(BATCH).with_options(options)
for epoch in range(2):
    for x in strategy.experimental_distribute_dataset(dataset):
        loss = train_step(x)
    print("epoch", epoch, "temperature", temperature.numpy(), "loss", float(loss))
    temperature.assign(max(1.0, temperature.numpy() * 0.5))
print("student norm", float(tf.norm(student.read_value())))
