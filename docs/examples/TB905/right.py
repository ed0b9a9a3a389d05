import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    weight = tf.Variable([0.5, -1.0], aggregation=tf.VariableAggregation.SUM)


def step(x):
    with tf.GradientTape() as tape:
        errors = tf.linalg.matvec(x, weight) - 1.0
        loss = tf.nn.compute_average_loss(tf.square(errors), global_batch_size=4)
        loss += tf.nn.scale_regularization_loss(0.1 * tf.reduce_sum(tf.square(weight)))
    weight.assign_sub(0.1 * tape.gradient(loss, weight))


for x in strategy.experimental_distribute_dataset(
    tf.data.Dataset.from_tensor_slices([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0], [1.0, 0.5]]).batch(4)
):
    strategy.run(step, args=(x,))
print("weight", weight.numpy())
