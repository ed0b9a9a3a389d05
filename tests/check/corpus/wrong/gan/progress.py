"""What is told about a training."""
import tensorflow as tf

generator_updates = tf.Variable(0, dtype=tf.int64, trainable=False, name="g_updates")  # expect: TB101


def report(epoch, g_loss, d_loss):
    print(f"epoch {epoch}: g {float(g_loss):.4f} d {float(d_loss):.4f}")
    print("generator updates:", int(generator_updates))
