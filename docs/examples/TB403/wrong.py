import tensorflow as tf

strategy = tf.distribute.MirroredStrategy()


def step(x):
    context = tf.distribute.get_replica_context()
    if context.replica_id_in_sync_group == 0:
        loss = context.all_reduce("MEAN", tf.reduce_mean(x))  # TB403
        norm = context.all_reduce("MEAN", tf.norm(x))
    else:
        norm = context.all_reduce("MEAN", tf.norm(x))
        loss = context.all_reduce("MEAN", tf.reduce_mean(x))
    return loss, norm


data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0, 4.0]).batch(2)
for x in strategy.experimental_distribute_dataset(data):
    loss, norm = strategy.run(step, args=(x,))
    print(strategy.experimental_local_results(loss)[0].numpy())
