"""What is told about a training."""
import tensorflow as tf

generator_updates = None
reports = 0


def begin():
    global generator_updates
    generator_updates = tf.Variable(
        0.0, trainable=False, aggregation=tf.VariableAggregation.MEAN, name="g_updates"
    )


def report(epoch, g_loss, c_loss):
    global reports
    reports += 1
    print(f"report {reports}, epoch {epoch}: g {float(g_loss):.4f} c {float(c_loss):.4f}")
    print("generator updates:", int(generator_updates.numpy()))
