# check: --strategy mirrored --replicas 2
"""Linear autoencoder, migrated from TensorFlow 1, whose decoder uses the encoder's weights."""
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
INPUTS, CODES, BATCH = 6, 3, 16

strategy = tf.distribute.MirroredStrategy()


def projection():
    start = tf.random_normal_initializer(stddev=0.3, seed=4)
    total = tf.VariableAggregation.SUM
    shape = [INPUTS, CODES]
    return v1.get_variable("projection", shape, initializer=start, aggregation=total)  # expect: TB111


with strategy.scope():
    with v1.variable_scope("coder"):
        encoder = projection()
    with v1.variable_scope("coder", reuse=True):
        decoder = projection()


def replica_step(x):
    with tf.GradientTape() as tape:
        error = tf.matmul(tf.matmul(x, encoder), decoder, transpose_b=True) - x
        loss = tf.reduce_sum(tf.square(error)) / BATCH
    gradient = tape.gradient(loss, encoder)
    encoder.assign_sub(0.01 * gradient)
    return loss


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


def main():
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(96, CODES)) @ rng.normal(size=(CODES, INPUTS))).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    for epoch in range(4):
        for batch in strategy.experimental_distribute_dataset(data):
            loss = train_step(batch)
        print(f"epoch {epoch}: {float(loss):.3f}")


if __name__ == "__main__":
    main()
