# check: --strategy mirrored --replicas 2
"""Traces the scoring of a model ahead of time, as for serving, and scores with it on replicas."""
import tensorflow as tf


class Ranker(tf.Module):
    def __init__(self):
        super().__init__()
        self.weights = tf.Variable(
            [[0.5], [-0.25]], aggregation=tf.VariableAggregation.MEAN, name="weights"
        )

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def score(self, features):
        return tf.linalg.matmul(features, self.weights)


strategy = tf.distribute.MirroredStrategy()
with strategy.scope():
    ranker = Ranker()
score = ranker.score.get_concrete_function()


@tf.function
def score_all(features):
    return strategy.run(lambda mine: tf.reduce_sum(score(mine)), args=(features,))


features = tf.reshape(tf.range(48, dtype=tf.float32), [24, 2]) / 48.0
data = tf.data.Dataset.from_tensor_slices(features).batch(8)
total = 0.0
for batch in strategy.experimental_distribute_dataset(data):
    total += float(strategy.reduce("SUM", score_all(batch), axis=None))
print("sum of scores", round(total, 4))
