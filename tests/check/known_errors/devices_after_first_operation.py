"""Makes its data, then asks for four logical devices to try out a mirrored model."""
import tensorflow as tf

dataset = tf.data.Dataset.from_tensor_slices(tf.random.normal([64, 3])).batch(16)

cpus = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 4)

strategy = tf.distribute.MirroredStrategy()
for batch in strategy.experimental_distribute_dataset(dataset):
    strategy.run(tf.reduce_mean, args=(batch,))
