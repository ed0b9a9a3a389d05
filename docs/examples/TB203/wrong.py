import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    online = tf.Variable(1.0)
    target = tf.Variable(5.0)


@tf.function
def shrink(variable):
    variable.assign(0.5 * variable)


shrink(online)
shrink(target)  # TB203
print(online.numpy(), target.numpy())
