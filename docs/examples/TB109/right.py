import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()
start = {"weight": 2.0, "bias": 0.5}
made = {}


def create(name):
    return tf.Variable(start[name], aggregation=tf.VariableAggregation.MEAN)


def step(x):
    replica = int(tf.distribute.get_replica_context().replica_id_in_sync_group)
    names = ["weight", "bias"] if replica == 0 else ["bias", "weight"]
    own = made.setdefault(replica, {})
    for name in sorted(names):
        if name not in own:
            own[name] = create(name)
    return own["weight"] * x + own["bias"]


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    print(strategy.experimental_local_results(strategy.run(step, args=(x,))))
