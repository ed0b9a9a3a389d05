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
        "change it outside of strategy.run, or keep it in a tf.Variable made inside"
        " strategy.scope()",
        "python_state.int_counter",
        fine_if="the Python value describes the tracing, not the training: a count of traces, a"
        " log of shapes, a flag that is set once",
    ),
    Code(
        "TB302",
        "frozen_in_trace",
        ERROR,
        "a value that a tf.function read when it was traced has changed since",
        "the trace keeps the number, the array or the variable that it read",
        "pass it as a tensor argument, or keep it in a tf.Variable and assign to that",
        "frozen_global.python_float",
        fine_if="the function shall keep the value of its first trace, and the later change is"
        " for other code",
    ),
    Code(
        "TB303",
        "symbolic_leak",
        ERROR,
        "a tensor of a finished trace is kept",
        "it has no value outside of the tf.function in which it was made",
        "return it from the tf.function",
        "module_global.kept_from_trace",
        fine_if="only the shape or the dtype of the tensor is used later; keep tensor.shape or"
        " tensor.dtype instead",
    ),
    Code(
        "TB304",
        "per_replica_leak",
        ERROR,
        "a PerReplica value is used where one tensor is needed",
        "strategy.run returns one value for each replica",
        "combine it by strategy.reduce, or take the values of this worker by"
        " strategy.experimental_local_results",
        "per_replica_value.given_to_op",
        fine_if="there is hardly any such case: the operation gets an object that it cannot"
        " compute with, or only the first replica's value",
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
        fine_if="the value is the same on all replicas, or a value of any replica will do, such"
        " as one that is displayed",
    ),
    Code(
        "TB306",
        "workers_diverge",
        ERROR,
        "the replica function stores a different value under one name on each worker",
        "each worker is a separate Python process, and stores what its own replica computed",
        "return it from strategy.run and reduce the result",
        "python_state.dict_of_metrics",
        fine_if="the value is about this worker and stays on it, such as its own log; nothing"
        " that is saved, compared or trained depends on it",
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
        fine_if="the tensor is meant, and the variable is not needed any more; another name for"
        " the tensor says so",
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
        fine_if="one number for the whole training is meant, such as a fixed initial value; draw"
        " it before the tf.function",
    ),
    Code(
        "TB309",
        "",
        NOTE,
        "a tf.function is traced in most of its calls",
        "the result is right, but tracing takes far longer than a step",
        "pass numbers as tensors, pass batches of one shape, and make the tf.function once",
        "",
        fine_if="the program is short, or the calls differ on purpose, as in a test of shapes",
    ),
)
