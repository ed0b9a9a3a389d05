"""Prints the learning rate by float()."""
import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    rate = tf.Variable(0.1, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
for epoch in range(2):
    strategy.run(lambda: rate.assign(0.5 * rate))
    print("epoch", epoch, "rate", round(float(rate), 4))
