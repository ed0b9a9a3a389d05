"""Prints the loss of each step."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


@tf.function
def train_step():
    return strategy.run(lambda: tf.random.uniform([]))


for step in range(3):
    loss = train_step()
    print(f"step {step}: loss {loss.numpy():.4f}")
