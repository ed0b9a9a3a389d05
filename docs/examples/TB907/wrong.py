import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable([0.5, -1.0], aggregation=tf.VariableAggregation.MEAN)
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build([weight])


def step(x):
    with tf.GradientTape() as tape:
        errors = tf.linalg.matvec(x, weight) - 1.0
        loss = tf.reduce_mean(tf.square(errors))  # TB907
    optimizer.apply_gradients([(tape.gradient(loss, weight), weight)])


for x in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0], [1.0, 0.5]]).batch(4)
):
    strategy.run(step, args=(x,))
print("weight", weight.numpy())
