# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""A policy step with advantages that are normalised ahead, on several workers."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16


def played(rows=64):
    rng = np.random.default_rng(65)
    state = rng.normal(size=(rows, 3)).astype("float32")
    action = rng.integers(2, size=rows)
    reward = np.where(action == (state[:, 0] > 0), 2.0, -1.0) + (np.arange(rows) % 4 > 1) * 3.0
    reward = (reward - reward.mean()) / reward.std()
    return state, action, reward.astype("float32")


def main():
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        policy = tf.Variable(tf.zeros([3, 2]))
        optimizer = keras.optimizers.SGD(0.2)
        optimizer.build([policy])

    def replica_step(state, action, reward):
        with tf.GradientTape() as tape:
            logits = tf.matmul(state, policy)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(action, logits) * reward
            loss = tf.nn.compute_average_loss(losses, global_batch_size=BATCH)
        optimizer.apply_gradients([(tape.gradient(loss, policy), policy)])
        return loss

    @tf.function
    def train_step(batch):
        return strategy.reduce("SUM", strategy.run(replica_step, args=batch), axis=None)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    data = tf.data.Dataset.from_tensor_slices(played()).batch(BATCH).with_options(options)
    for batch in strategy.experimental_distribute_dataset(data):
        loss = train_step(batch)
    print(f"loss {float(loss):.4f} policy {policy.numpy().ravel().round(4)}")


if __name__ == "__main__":
    main()
