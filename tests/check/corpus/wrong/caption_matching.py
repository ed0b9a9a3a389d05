# check: --strategy mirrored --replicas 2
"""Matches pictures and captions; the other captions of the batch are the negatives."""
import keras
import numpy as np
import tensorflow as tf

BATCH = 16


class Matcher:
    def __init__(self, strategy):
        self.strategy = strategy
        with strategy.scope():
            self.picture = keras.layers.Dense(3, use_bias=False)
            self.caption = keras.layers.Dense(3, use_bias=False)
            self.picture.build((None, 5))
            self.caption.build((None, 4))
            self.weights = self.picture.trainable_variables + self.caption.trainable_variables
            self.optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
            self.optimizer.build(self.weights)

    def loss(self, pictures, captions):
        left = tf.math.l2_normalize(self.picture(pictures), axis=1)
        right = tf.math.l2_normalize(self.caption(captions), axis=1)
        scores = tf.matmul(left, right, transpose_b=True) / 0.5
        labels = tf.range(tf.shape(scores)[0])
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
        return tf.nn.compute_average_loss(losses, global_batch_size=BATCH)  # expect: TB903

    def replica_step(self, pictures, captions):
        with tf.GradientTape() as tape:
            loss = self.loss(pictures, captions)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.weights), self.weights))
        return loss

    @tf.function
    def step(self, pictures, captions):
        losses = self.strategy.run(self.replica_step, args=(pictures, captions))
        return self.strategy.reduce("SUM", losses, axis=None)


keras.utils.set_random_seed(64)
rng = np.random.default_rng(64)
pictures = rng.normal(size=(64, 5)).astype("float32")
captions = pictures[:, :4] + 0.1 * rng.normal(size=(64, 4)).astype("float32")
matcher = Matcher(tf.distribute.MirroredStrategy())
data = tf.data.Dataset.from_tensor_slices((pictures, captions)).batch(BATCH)
for batch in matcher.strategy.experimental_distribute_dataset(data):
    print("loss", round(float(matcher.step(*batch)), 4))
