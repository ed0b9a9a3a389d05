# check: --strategy mirrored --replicas 2
"""Two linear autoencoders, migrated from TensorFlow 1: one ties its weights by a template."""
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
INPUTS, CODES, BATCH = 6, 3, 16

strategy = tf.distribute.MirroredStrategy()


def projection():
    start = tf.random_normal_initializer(stddev=0.3, seed=4)
    return v1.get_variable(
        "projection", [INPUTS, CODES], initializer=start, aggregation=tf.VariableAggregation.SUM
    )


def untied():
    with v1.variable_scope("coder"):
        return projection()


with strategy.scope():
    tied = v1.make_template("tied", projection)
    pairs = [(tied(), tied()), (untied(), untied())]


def replica_step(x):
    losses = []
    for encoder, decoder in pairs:
        with tf.GradientTape() as tape:
            error = tf.matmul(tf.matmul(x, encoder), decoder, transpose_b=True) - x
            loss = tf.reduce_sum(tf.square(error)) / BATCH
        weights = [encoder] if encoder is decoder else [encoder, decoder]
        for weight, gradient in zip(weights, tape.gradient(loss, weights)):
            weight.assign_sub(0.01 * gradient)
        losses.append(loss)
    return tf.stack(losses)


@tf.function
def train_step(x):
    return strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)


def main():
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(96, CODES)) @ rng.normal(size=(CODES, INPUTS))).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    for epoch in range(4):
        for batch in strategy.experimental_distribute_dataset(data):
            losses = train_step(batch).numpy()
        print(f"epoch {epoch}: tied {losses[0]:.3f}, untied {losses[1]:.3f}")


if __name__ == "__main__":
    main()
