"""Large products, which keep all cores busy with one replica already."""

import tensorflow as tf
from device import linear, rows, step_of

BATCH = 2048
strategy = tf.distribute.MirroredStrategy()
dataset = tf.data.Dataset.from_tensor_slices(rows()).repeat().batch(BATCH, drop_remainder=True)
with strategy.scope():
    model = linear()
    hidden = [tf.Variable(tf.random.normal([1024, 1024], stddev=0.03)) for _ in range(4)]
    optimizer = tf.keras.optimizers.SGD(0.01)
    optimizer.build(model.trainable_variables)


def before(x, y):
    """Multiply rows of 1024 columns several times."""
    wide = tf.tile(x, [1, 64])
    for _ in range(2):
        for each in hidden:
            wide = tf.tanh(wide @ each)
    return x + 0.0 * wide[:, :16]


step = step_of(strategy, model, optimizer, BATCH, before)
for number, (x, y) in enumerate(strategy.experimental_distribute_dataset(dataset)):
    step(x, y)
    if number > 500:
        break
