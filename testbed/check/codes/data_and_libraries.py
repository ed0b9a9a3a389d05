"""What libraries get wrong, random numbers, and data."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB601",
        "replicas_diverge",
        WARNING,
        "Keras 3 lets the moving statistics of a BatchNormalization differ between replicas",
        "it assigns them without an aggregation, so each copy sees one replica's data only, and"
        " the first is saved",
        "BatchNormalization(synchronized=True), or tf_keras",
        "batch_norm.moving_mean",
    ),
    Code(
        "TB602",
        "wrong_value",
        WARNING,
        "Keras 3 gives every replica the same dropout mask",
        "the seed of a layer made in the scope is mirrored, so all replicas draw the same",
        "tf_keras, or a mask of your own from the replica's id",
        "dropout.masks_differ",
    ),
    Code(
        "TB603",
        "wrong_value",
        WARNING,
        "replicas draw the same random numbers",
        "a seed that all replicas share gives each of them the same numbers: they add nothing"
        " to each other",
        "draw from a tf.random.Generator made inside strategy.scope(), or fold the replica's"
        " number into a stateless seed",
        "random_generator.operation_seed",
    ),
    Code(
        "TB604",
        "wrong_value",
        WARNING,
        "workers draw the same random numbers",
        "a seed that all workers share gives the replicas of each the same numbers: they add"
        " nothing to each other",
        "draw from a tf.random.Generator made inside strategy.scope(), or add the worker's"
        " number to the seed",
        "random_generator.global_seed",
    ),
    Code(
        "TB605",
        "wrong_value",
        WARNING,
        "Keras 3 adds the old value once for each replica",
        "keras.Variable.assign_add assigns the sum of its value and what is added, and with the"
        " aggregation SUM that is summed up over the replicas",
        "variable.value.assign_add, which is TensorFlow's",
        "keras_variable.summed",
    ),
    Code(
        "TB701",
        "wrong_value",
        ERROR,
        "every replica is given the same batch",
        "a tensor passed to strategy.run goes to each replica as it is, and a plain dataset"
        " gives tensors: each element is seen once for each replica",
        "iterate over strategy.experimental_distribute_dataset(dataset)",
        "dataset_iterator.plain_batches",
    ),
    Code(
        "TB702",
        "wrong_value",
        ERROR,
        "every worker reads the same elements",
        "each worker runs its own copy of the dataset, and nothing divides it among them",
        "leave auto-sharding on, or shard by the context that distribute_datasets_from_function"
        " passes",
        "dataset_iterator.from_function",
    ),
    Code(
        "TB703",
        "counted_per_replica",
        WARNING,
        "each replica takes an element of its own from an iterator",
        "next() in the replica function runs once for each replica, in an order that is not"
        " fixed, and a dataset ends after fewer steps",
        "call next() outside of strategy.run, on the iterator of a distributed dataset",
        "dataset_iterator.plain_iterator",
    ),
    Code(
        "TB704",
        "wrong_value",
        ERROR,
        "an empty batch makes the result NaN",
        "where the last batch has less than one element for each replica, some get none, and"
        " the mean over nothing is NaN",
        "batch with drop_remainder=True, or divide sums by the size of the global batch",
        "empty_batch.trained_on_one_element",
    ),
    Code(
        "TB705",
        "wrong_value",
        WARNING,
        "means over batches of different sizes are averaged",
        "the mean of each replica counts the same, however few elements it is of",
        "batch with drop_remainder=True, or reduce sums and counts and divide those",
        "empty_batch.mean_of_uneven_batch",
    ),
)
