"""Shows predictions for a few batches of the test set."""
import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

test = tf.data.Dataset.from_tensor_slices(np.ones((8, 3), "float32")).batch(4)
for images in strategy.experimental_distribute_dataset(test):
    print(model(images, training=False).shape)
