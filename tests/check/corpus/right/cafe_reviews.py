# check: --strategy multi_worker_mirrored --workers 2 --replicas 1
"""Classifies reviews by an embedding. Each worker adapts the text layer to all reviews, and counts the words of its own."""

import tensorflow as tf

REVIEWS = [
    "clean room kind staff",
    "noisy room cold soup",
    "kind staff warm soup",
    "dirty room rude staff",
    "warm pool clean beach",
    "cold pool dirty beach",
    "quiet room warm pool",
    "rude staff noisy pool",
]
GOOD = [1.0, 0.0] * 4

strategy = tf.distribute.MultiWorkerMirroredStrategy()
workers = strategy.num_replicas_in_sync
worker = strategy.cluster_resolver.task_id or 0
reviews = tf.data.Dataset.from_tensor_slices((REVIEWS, GOOD)).shard(workers, worker)

vectorize = tf.keras.layers.TextVectorization(max_tokens=24, output_sequence_length=4)
vectorize.adapt(REVIEWS)
counts = {}
for review, _ in reviews:
    for word in review.numpy().decode().split():
        counts[word] = counts.get(word, 0) + 1
batches = reviews.batch(2).map(lambda review, good: (vectorize(review), good))

with strategy.scope():
    scores = tf.Variable(tf.zeros([24]), name="scores")


def step(words, good):
    with tf.GradientTape() as tape:
        logits = tf.reduce_sum(tf.gather(scores, words), axis=1)
        loss = tf.nn.sigmoid_cross_entropy_with_logits(good, logits)
        loss = tf.reduce_mean(loss) / workers
    gradient = tf.convert_to_tensor(tape.gradient(loss, scores))
    gradient = tf.distribute.get_replica_context().all_reduce("SUM", gradient)
    scores.assign_sub(0.5 * gradient)
    return loss


@tf.function
def train(batch):
    return strategy.reduce("SUM", strategy.run(step, args=batch), axis=None)


for batch in strategy.distribute_datasets_from_function(lambda context: batches):
    print(f"loss {train(batch):.4f}")
print(f"the word room: {counts['room']}")
