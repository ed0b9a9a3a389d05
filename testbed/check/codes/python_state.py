"""Codes of mistakes with Python state and with values that traces keep."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, NOTE, Code

CODES = (
    Code(
        "TB301",
        "counted_per_replica",
        ERROR,
        "the replica function changes Python state",
        "it runs once for each replica, and in a tf.function only while that is traced",
        "count outside of strategy.run, or in a tf.Variable of the scope",
        "python_state.int_counter",
    ),
    Code(
        "TB302",
        "frozen_in_trace",
        ERROR,
        "a value that a tf.function read when it was traced has changed since",
        "the trace keeps the number, the array or the variable that it read",
        "pass it as a tensor argument, or keep it in a tf.Variable and assign to that",
        "frozen_global.python_float",
    ),
    Code(
        "TB303",
        "symbolic_leak",
        ERROR,
        "a tensor of a finished trace is kept",
        "it has no value outside of the tf.function in which it was made",
        "return it from the tf.function",
        "module_global.kept_from_trace",
    ),
    Code(
        "TB304",
        "per_replica_leak",
        ERROR,
        "a PerReplica value is used where one tensor is needed",
        "strategy.run returns one value for each replica",
        "reduce it, or take strategy.experimental_local_results of it",
        "per_replica_value.given_to_op",
    ),
    Code(
        "TB305",
        "last_replica_wins",
        ERROR,
        "each replica stores its own value under one name",
        "the replicas of a worker share its Python objects, so the value of the last replica"
        " remains",
        "return it from strategy.run and reduce the result",
        "module_global.rebound_in_replica",
    ),
    Code(
        "TB306",
        "workers_diverge",
        ERROR,
        "the replica function stores a different value under one name on each worker",
        "each worker is a separate Python process, and stores what its own replica computed",
        "return it from strategy.run and reduce the result",
        "python_state.dict_of_metrics",
    ),
    Code(
        "TB307",
        "not_shared",
        ERROR,
        "a tensor takes the place of a variable",
        "`v = v + 1` computes a tensor and binds the name to it; the variable keeps its value,"
        " so other code that uses it sees no change",
        "call v.assign_add(1)",
        "rebound_variable.kept_by_rebinding",
    ),
    Code(
        "TB308",
        "frozen_in_trace",
        ERROR,
        "a random number is drawn while a tf.function is traced",
        "Python draws it once, and every call uses that number again",
        "draw with tf.random.Generator or tf.random.stateless_uniform, or pass the number as an"
        " argument",
        "numpy_state.drawn_anew",
    ),
    Code(
        "TB309",
        "",
        NOTE,
        "a tf.function is traced in most of its calls",
        "the result is right, but tracing takes far longer than a step",
        "pass numbers as tensors, pass batches of one shape, and make the tf.function once",
        "",
    ),
)
