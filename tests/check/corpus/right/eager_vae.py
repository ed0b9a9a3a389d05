# check: --strategy mirrored --replicas 2
"""A linear VAE, trained eagerly: its encoder keeps what its loss needs within the same step."""
import numpy as np
import tensorflow as tf

scores = np.zeros(2, "float32")
latest = {}


class Encoder(tf.Module):
    def __init__(self, name=None):
        super().__init__(name)
        start = tf.random.stateless_normal([4, 2], seed=[1, 2])
        self.weight = tf.Variable(start, aggregation=tf.VariableAggregation.MEAN)
        self.mean = None
        self.last_input = None
        self.scale = 1.0

    def __call__(self, x):
        self.last_input = x
        self.mean = tf.matmul(x, self.weight)
        return self.mean


def loss_of(model, x):
    code = model(x)
    error = tf.reduce_mean(tf.square(tf.matmul(code, model.weight, transpose_b=True) - x))
    return error / model.scale + 0.1 * tf.reduce_mean(tf.square(model.mean))


def replica_step(model, x):
    model.scale = tf.sqrt(float(x.shape[1]))
    with tf.GradientTape() as tape:
        loss = loss_of(model, x)
    model.weight.assign_sub(0.1 * tape.gradient(loss, model.weight))
    context = tf.distribute.get_replica_context()
    scores[context.replica_id_in_sync_group] = loss
    latest["loss"] = float(context.all_reduce(tf.distribute.ReduceOp.MEAN, loss))
    latest[int(context.replica_id_in_sync_group)] = loss
    return loss


if __name__ == "__main__":
    data = np.random.default_rng(4).normal(size=(64, 4)).astype("float32")
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        encoder = Encoder()
    dataset = strategy.experimental_distribute_dataset(
        tf.data.Dataset.from_tensor_slices(data).batch(8).repeat(4)
    )
    for batch in dataset:
        strategy.run(replica_step, args=(encoder, batch))
        print(f"loss {latest['loss']:.4f} = mean of {scores}, {float(latest[0]):.4f} first")
    encoder(data)
    print("spread of all codes", np.std(encoder.mean, axis=0))
