"""Codes of mistakes in what variables and their copies hold."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, Code

CODES = (
    Code(
        "TB201",
        "replicas_diverge",
        ERROR,
        "a variable's copies hold different values",
        "each replica wrote its own copy, and nothing brought them together; a checkpoint keeps"
        " the first one",
        "give it an aggregation (MEAN, SUM or ONLY_FIRST_REPLICA), or combine the value of all"
        " replicas by all_reduce before it is assigned",
        "aggregation.none_assigned_in_replica",
        fine_if="each replica needs a different value, like a buffer for its own examples, and"
        " nothing saves the variable or reads it as one number",
    ),
    Code(
        "TB202",
        "workers_diverge",
        ERROR,
        "a mirrored variable holds a different value on each worker",
        "each worker assigned its own value, and nothing brought them together",
        "assign a value that is equal on all workers: the result of a reduction",
        "aggregation.only_first_replica",
        fine_if="each worker needs a different value, and a checkpoint may hold that of worker 0"
        " alone",
    ),
    Code(
        "TB203",
        "wrong_value",
        ERROR,
        "a tf.function is called with another variable than it was traced with",
        "distributed variables of one shape share a trace, which keeps using the first variable",
        "close over the variable, or pass a tf.Module that holds it",
        "argument.two_swapped",
        fine_if="the variable of the first call is the one to use in all calls; then do not pass"
        " another one",
    ),
    Code(
        "TB204",
        "counted_per_replica",
        ERROR,
        "a replica writes the copy of another replica",
        "a function that was traced outside strategy.run keeps using the copy that it found there,"
        " whichever replica calls it; code that picks one copy itself has the same effect",
        "call a plain function in the step, and put the call of strategy.run into a tf.function",
        "component_writes.counted_in_concrete_function",
        fine_if="the program chooses one copy on purpose, and brings all copies together"
        " afterwards",
    ),
    Code(
        "TB205",
        "wrong_value",
        ERROR,
        "a mean, ratio or extreme is summed up over the replicas",
        "a variable with ON_READ and SUM, like a weight of a metric, is read as the sum of its"
        " copies; a sum of means, ratios, maxima or minima grows with the number of replicas",
        "add the sums and the counts to variables of their own, and divide them after reading"
        " (in a metric: in result()); return a maximum or minimum from strategy.run instead, and"
        " take that of all replicas",
        "sync_on_read.ratio_assigned",
        fine_if="the sum over the replicas is what you report, or you divide it by"
        " strategy.num_replicas_in_sync after reading",
    ),
)
