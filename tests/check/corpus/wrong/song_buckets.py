# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""How often songs are skipped, by an embedding of hashed names, in eager mode."""

import tensorflow as tf

BUCKETS = 100
PLAYS = [
    ("blue moon", 0.0),
    ("red river", 1.0),
    ("long road", 1.0),
    ("night song", 0.0),
    ("old house", 1.0),
    ("deep water", 0.0),
    ("slow train", 1.0),
    ("white snow", 0.0),
]


def bucket(name):
    return 1 + abs(hash(("song", name))) % BUCKETS  # expect: TB708


strategy = tf.distribute.MultiWorkerMirroredStrategy()
workers = strategy.num_replicas_in_sync
worker = strategy.cluster_resolver.task_id or 0
with strategy.scope():
    rates = tf.Variable(tf.zeros([BUCKETS + 1]), aggregation=tf.VariableAggregation.SUM)


def step(songs, skipped):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.gather(rates, songs) - skipped) ** 2) / workers
    rates.assign_sub(0.5 * tf.convert_to_tensor(tape.gradient(loss, rates)))


plays = PLAYS[worker::workers]
songs = tf.constant([bucket(name) for name, _ in plays])
skipped = tf.constant([skipped for _, skipped in plays])
batch = [
    strategy.experimental_distribute_values_from_function(lambda context, each=each: each)
    for each in (songs, skipped)
]
for _ in range(2):
    strategy.run(step, args=batch)
print("done")
