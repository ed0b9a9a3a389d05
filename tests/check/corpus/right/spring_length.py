# check: --strategy mirrored --replicas 2
"""Finds a spring's constant and length with momentum by hand, eager; the mean of all slopes."""
import numpy as np
import tensorflow as tf

RATE, MOMENTUM = 0.05, 0.8

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    stiffness = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    length = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
    speeds = [tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN) for _ in range(2)]


def measurements(rows=80):
    rng = np.random.default_rng(33)
    stretch = rng.uniform(-1, 1, size=rows).astype("float32")
    return stretch, (4.0 * stretch + 1.0).astype("float32")


def squared_error(stretch, force):
    return tf.reduce_mean((stiffness * stretch + length - force) ** 2)


def replica_step(stretch, force):
    with tf.GradientTape() as tape:
        loss = squared_error(stretch, force)
    slopes = tape.gradient(loss, [stiffness, length])
    slopes = tf.distribute.get_replica_context().all_reduce("MEAN", slopes)
    for weight, speed, slope in zip([stiffness, length], speeds, slopes):
        speed.assign(MOMENTUM * speed + slope)
        weight.assign_sub(RATE * speed)
    return loss


data = tf.data.Dataset.from_tensor_slices(measurements()).batch(16)
for step, batch in enumerate(strategy.experimental_distribute_dataset(data)):
    losses = strategy.run(replica_step, args=batch)
    print(f"step {step}: {float(strategy.reduce('MEAN', losses, axis=None)):.4f}")
print("stiffness", stiffness.numpy(), "length", length.numpy())
