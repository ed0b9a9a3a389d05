"""Codes of mistakes in where and when variables are made."""

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
        "create it inside strategy.scope(), with aggregation ONLY_FIRST_REPLICA for steps, SUM for"
        " examples",
        "module_global.counter",
        fine_if="the variable counts replicas or examples, not steps, and all replicas of each"
        " worker shall add to one number; a variable of the scope with the aggregation"
        " SUM says the same in the code",
    ),
    Code(
        "TB102",
        "last_replica_wins",
        ERROR,
        "every replica assigns a variable that has one copy",
        "made outside strategy.scope() it has one copy, and holds what the last replica assigned",
        "create it inside strategy.scope(), with the aggregation MEAN, SUM or ONLY_FIRST_REPLICA;"
        " or return the value from strategy.run and reduce it",
        "aggregation.mean",
        fine_if="any replica's value will do, and the program never takes it for the value of"
        " the whole batch: a value that is only displayed, for example",
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
        fine_if="replicas only read it, and every worker gives it the same value: a constant, or"
        " a value that is read from the same file",
    ),
    Code(
        "TB104",
        "workers_diverge",
        ERROR,
        "a variable that replicas use holds a different value on each worker",
        "made outside strategy.scope() each worker has its own, and nothing keeps them equal",
        "create it inside strategy.scope(), where worker 0's value is broadcast",
        "module_global.random_start",
        fine_if="each worker shall have its own value: data of this worker, such as its number"
        " or its part of a table, that nothing trained depends on",
    ),
    Code(
        "TB105",
        "wrong_value",
        ERROR,
        "a new variable is made in every step",
        "the value that a step leaves in it is lost in the next step",
        "make it once, inside strategy.scope(), and keep it",
        "made_every_call.state",
        fine_if="each step needs a fresh variable, and no later step needs its value: a"
        " candidate of a search, or a temporary buffer",
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
        fine_if="the variables that change places have the same start value and are never"
        " restored by their order; sorting them costs nothing, and is the safer way",
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
        fine_if="the strategy is made only to ask for its devices, or the training is meant for"
        " one device; then the strategy may go as well",
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
        fine_if="the table counts events of all replicas, and each replica inserts only keys"
        " that no other replica inserts in the same step",
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
        fine_if="variables of one position mean the same on every replica, and only their names"
        " in your program differ",
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
        fine_if="one thread alone uses the variable, and no step of strategy.run trains or"
        " changes it",
    ),
    Code(
        "TB111",
        "not_shared",
        ERROR,
        "a name that is asked for again gives a new variable",
        "in eager mode tf.compat.v1.get_variable always makes a variable, with whatever reuse: what"
        " is trained, counted or restored in one of them never reaches the other",
        "make the variable once, let a tf.Module or a layer own it, and pass that",
        "get_variable.in_eager_mode",
        fine_if="a second variable is what you want; then give it another name",
    ),
)
