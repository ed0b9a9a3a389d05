import numpy as np
import tensorflow as tf

x = np.ones([16, 4], "float32")
y = np.ones([16, 1], "float32")

strategy = tf.distribute.MirroredStrategy()  # TB107
model = tf.keras.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.SGD(0.01), loss="mse")
model.fit(x, y, batch_size=8, verbose=0)
