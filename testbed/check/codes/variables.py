"""Codes of mistakes in where variables are made and what their copies hold."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB101",
        "counted_per_replica",
        ERROR,
        "every replica changes a variable that has one copy",
        "made outside strategy.scope() it has one copy for all replicas of a worker, and each"
        " of them adds to it",
        "create it inside strategy.scope(), with the aggregation you mean",
        "module_global.counter",
    ),
    Code(
        "TB102",
        "last_replica_wins",
        ERROR,
        "every replica assigns a variable that has one copy",
        "made outside strategy.scope() it has one copy, and holds what the last replica assigned",
        "create it inside strategy.scope(), with the aggregation you mean, or return the value"
        " from strategy.run and reduce it",
        "aggregation.mean",
    ),
    Code(
        "TB103",
        "not_mirrored",
        WARNING,
        "replicas use a variable that has one copy",
        "made outside strategy.scope() it has one copy, on one device of each worker, and"
        " nothing keeps the copies of several workers equal: it is right only while replicas only"
        " read it, or add up in it values that belong to one worker",
        "create it inside strategy.scope()",
        "returned.variable",
    ),
    Code(
        "TB104",
        "workers_diverge",
        ERROR,
        "a variable that replicas use holds a different value on each worker",
        "made outside strategy.scope() each worker has its own, and nothing keeps them equal",
        "create it inside strategy.scope(), where worker 0's value is broadcast",
        "module_global.random_start",
    ),
    Code(
        "TB105",
        "wrong_value",
        ERROR,
        "a new variable is made in every step",
        "the value that a step leaves in it is lost in the next step",
        "make it once, inside strategy.scope(), and keep it",
        "made_every_call.state",
    ),
    Code(
        "TB106",
        "workers_diverge",
        ERROR,
        "workers make their variables in different orders",
        "values are broadcast by order: a variable of one worker receives the value of another"
        " variable",
        "make the same variables in the same order on every worker",
        "creation_order.from_a_set",
    ),
    Code(
        "TB107",
        "not_mirrored",
        WARNING,
        "a strategy is made, and nothing is trained under it",
        "a model that is made outside strategy.scope(), and not passed to strategy.run, is trained"
        " on one device",
        "make the model and its optimizer, and compile, inside strategy.scope()",
        "keras_fit.model",
    ),
    Code(
        "TB108",
        "counted_per_replica",
        ERROR,
        "every replica changes the entries of a lookup table",
        "all replicas of a worker share one table, whether it is made inside strategy.scope() or"
        " outside, and each of them adds to the entries that the others left",
        "keep the counts in a variable of the scope, indexed by a static table, or change the"
        " table outside of strategy.run",
        "lookup_table.count",
    ),
    Code(
        "TB109",
        "replicas_diverge",
        ERROR,
        "replicas make their variables in different orders",
        "the first replica makes the variables, and each other replica gets them in that order:"
        " one name stands for different variables on different replicas",
        "make the same variables in the same order on every replica, or give them names, or make"
        " them once in strategy.scope()",
        "made_differently.in_another_order",
    ),
    Code(
        "TB110",
        "counted_per_replica",
        ERROR,
        "a scope does not reach the threads that are started in it",
        "strategy.scope() holds only for the thread that enters it: a variable that another thread"
        " makes meanwhile has one copy, which every replica changes, and which optimizers"
        " refuse, some of them without a message",
        "enter strategy.scope() in the function that the thread runs",
        "context_local.counter_made_in_thread",
    ),
    Code(
        "TB201",
        "replicas_diverge",
        ERROR,
        "a variable's copies hold different values",
        "each replica wrote its own copy, and nothing brought them together; a checkpoint keeps"
        " the first one",
        "give it an aggregation, or reduce before assigning",
        "aggregation.none_assigned_in_replica",
    ),
    Code(
        "TB202",
        "workers_diverge",
        ERROR,
        "a mirrored variable holds a different value on each worker",
        "each worker assigned its own value, and nothing brought them together",
        "assign a value that is equal on all workers: the result of a reduction",
        "aggregation.only_first_replica",
    ),
    Code(
        "TB203",
        "wrong_value",
        ERROR,
        "a tf.function is called with another variable than it was traced with",
        "distributed variables of one shape share a trace, which keeps using the first variable",
        "close over the variable, or pass a tf.Module that holds it",
        "argument.two_swapped",
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
    ),
)
