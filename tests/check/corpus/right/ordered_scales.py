# check: --strategy mirrored --replicas 2
"""Scales features by factors that are made when they are first needed."""
import tensorflow as tf

START = {"width": 2.0, "height": 0.5}
factors = {}


def factor(name):
    if name not in factors:
        factors[name] = tf.Variable(
            START[name], trainable=False, aggregation=tf.VariableAggregation.MEAN
        )
    return factors[name]


class PerReplicaFactors:
    """Replicas are threads: each keeps the factors that it has made."""

    def __init__(self):
        self.made = {}

    def scaled(self, replica, features):
        own = self.made.setdefault(replica, {})
        for name in features:
            if name not in own:
                factors.pop(name, None)
                own[name] = factor(name)
        return sum(tf.reduce_sum(features[name] * own[name]) for name in sorted(features))


strategy = tf.distribute.MirroredStrategy()
scaler = PerReplicaFactors()


def replica_step(x):
    context = tf.distribute.get_replica_context()
    replica = int(context.replica_id_in_sync_group)
    # All of them in one order.
    names = ["width", "height"]
    features = {"width": x, "height": x * x}
    return scaler.scaled(replica, {name: features[name] for name in names})


data = tf.data.Dataset.from_tensor_slices(tf.linspace(1.0, 2.0, 8)).batch(8)
for x in strategy.experimental_distribute_dataset(data):
    total = strategy.reduce("SUM", strategy.run(replica_step, args=(x,)), axis=None)
    print("total", float(total))
