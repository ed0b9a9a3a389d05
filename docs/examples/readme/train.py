import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
steps, losses = tf.Variable(0, name="steps"), []


@tf.function
def train(x):
    def step(x):
        steps.assign_add(1)
        losses.append(tf.reduce_mean(x))

    strategy.run(step, args=(x,))


for batch in strategy.experimental_distribute_dataset(tf.data.Dataset.range(4).batch(2)):
    train(batch)
print(steps.numpy(), "steps for 2 batches")
