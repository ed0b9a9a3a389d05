"""Where variables are made, and what their copies hold."""

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
        " nothing keeps those of several workers alike: right as long as replicas only read it,"
        " or add up in it what belongs together on one worker",
        "create it inside strategy.scope()",
        "returned.variable",
    ),
    Code(
        "TB104",
        "workers_diverge",
        ERROR,
        "a variable that replicas use holds another value on each worker",
        "made outside strategy.scope() each worker has its own, which nobody keeps alike",
        "create it inside strategy.scope(), where worker 0's value is broadcast",
        "module_global.random_start",
    ),
    Code(
        "TB105",
        "wrong_value",
        ERROR,
        "a variable is made anew in every step",
        "what a step has left in it is lost for the next one",
        "make it once, inside strategy.scope(), and keep it",
        "made_every_call.state",
    ),
    Code(
        "TB106",
        "workers_diverge",
        ERROR,
        "workers make their variables in another order",
        "values are broadcast by order: a worker's variable gets what is another one's elsewhere",
        "make the same variables in the same order on every worker",
        "creation_order.from_a_set",
    ),
    Code(
        "TB107",
        "not_mirrored",
        WARNING,
        "a strategy is made, and nothing is trained under it",
        "what is made outside strategy.scope(), and is not given to strategy.run, is trained on"
        " one device",
        "make the model and its optimizer, and compile, inside strategy.scope()",
        "keras_fit.model",
    ),
    Code(
        "TB108",
        "counted_per_replica",
        ERROR,
        "every replica changes the entries of a lookup table",
        "a table is one for all replicas of a worker, made inside strategy.scope() or outside,"
        " and each of them adds to what the others have left",
        "keep the counts in a variable of the scope, at the places that a static table gives,"
        " or change the table outside of strategy.run",
        "lookup_table.count",
    ),
    Code(
        "TB109",
        "replicas_diverge",
        ERROR,
        "replicas make their variables in another order",
        "the first replica makes them, and the others get them by their turn: one replica's"
        " variable is another one's other variable",
        "make the same variables in the same order on every replica, or with names, or once in"
        " strategy.scope()",
        "made_differently.in_another_order",
    ),
    Code(
        "TB110",
        "counted_per_replica",
        ERROR,
        "a scope does not reach the threads that are started in it",
        "strategy.scope() holds for the thread that enters it, and for no other: what a thread of a"
        " pool makes meanwhile has one copy, which every replica changes, and which optimizers"
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
        "a mirrored variable holds another value on each worker",
        "each worker assigned its own value, and nothing brought them together",
        "assign what all workers have agreed on: the result of a reduction",
        "aggregation.only_first_replica",
    ),
    Code(
        "TB203",
        "wrong_value",
        ERROR,
        "a tf.function is called with another variable than it was traced with",
        "distributed variables of one shape share a trace, which goes on using the first one",
        "close over the variable, or pass a tf.Module that holds it",
        "argument.two_swapped",
    ),
    Code(
        "TB204",
        "counted_per_replica",
        ERROR,
        "replicas write the copy of another one",
        "a function that was traced outside strategy.run goes on with the copy that it found"
        " there, whichever replica calls it, and so does whoever takes one copy out",
        "call a plain function, and make the call of strategy.run a tf.function",
        "component_writes.counted_in_concrete_function",
    ),
)
