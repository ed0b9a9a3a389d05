# check: --strategy mirrored --replicas 2
"""Keeps the loss of an epoch in a Mean of Keras 3; what is given to it is divided by the batch."""
import keras
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, strategy, batch):
        self.strategy, self.batch = strategy, batch
        with strategy.scope():
            self.model = keras.Sequential(
                [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")]
            )
            self.optimizer = keras.optimizers.Adam(0.1)
            self.optimizer.build(self.model.trainable_variables)
            self.train_loss = keras.metrics.Mean(name="train_loss")

    @tf.function
    def step(self, x, y):
        self.strategy.run(self.replica_step, args=(x, y))

    def replica_step(self, x, y):
        with tf.GradientTape() as tape:
            errors = tf.reduce_sum(tf.abs(self.model(x, training=True) - y), axis=1)
            loss = tf.nn.compute_average_loss(errors, global_batch_size=self.batch)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        self.train_loss.update_state(loss)  # expect: TB904


rng = np.random.default_rng(78)
x = rng.normal(size=(96, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
strategy = tf.distribute.MirroredStrategy()
trainer = Trainer(strategy, batch=24)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(24)
for epoch in range(2):
    trainer.train_loss.reset_state()
    for batch in strategy.experimental_distribute_dataset(data):
        trainer.step(*batch)
    print(f"epoch {epoch}: loss {float(trainer.train_loss.result()):.4f}")
