"""Makes a head for each task when the task comes first."""
import keras
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    body = keras.layers.Dense(4)
    body.build((None, 3))
heads = {}


def forward(x, task):
    hidden = body(x)
    if task == "detect":
        heads.setdefault(task, keras.layers.Dense(2))
        hidden = heads[task](hidden)
    return tf.reduce_mean(hidden)


@tf.function
def predict(x, task):
    return strategy.run(forward, args=(x, task))


for task in ("embed", "classify", "detect"):
    predict(tf.ones([4, 3]), task)
