import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable([0.5, -1.0], aggregation=tf.VariableAggregation.MEAN)


def step(x):
    with tf.GradientTape() as tape:
        errors = tf.linalg.matvec(x, weight) - 1.0
        loss = tf.reduce_sum(tf.square(errors)) / 4.0  # TB902
    gradient = tf.distribute.get_replica_context().all_reduce("MEAN", tape.gradient(loss, weight))
    weight.assign(weight - 0.1 * gradient)


for x in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0], [1.0, 0.5]]).batch(4)
):
    strategy.run(step, args=(x,))
print("weight", weight.numpy())
