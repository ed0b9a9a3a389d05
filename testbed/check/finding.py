"""Findings, and the closed list of their codes: what each means, why it is wrong, and the cure."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.seen import Place

ERROR, WARNING, NOTE = "error", "warning", "note"
"""The result is wrong; it works by luck, or a library is wrong; worth knowing."""


@dataclass(frozen=True)
class Code:
    """One way in which somebody's code is wrong under replication."""

    code: str
    symptom: str
    """Nothing where nothing breaks: of a note."""
    level: str
    what: str
    why: str
    cure: str
    scenario: str
    """The scenario that shows it, as `testbed run` takes it; nothing of a note."""

    @property
    def title(self) -> str:
        """The code with its symptom."""
        return f"{self.code} {self.symptom}".rstrip()


CODES = {
    code.code: code
    for code in (
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
            "made outside strategy.scope() it has one copy, and holds what the last replica"
            " assigned",
            "create it inside strategy.scope(), with the aggregation you mean, or return the value"
            " from strategy.run and reduce it",
            "aggregation.mean",
        ),
        Code(
            "TB103",
            "not_mirrored",
            WARNING,
            "replicas use a variable that has one copy",
            "made outside strategy.scope() it has one copy, on one device of each worker; what"
            " replicas read is the same, as long as nobody writes it",
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
            "values are broadcast by order: a worker's variable gets what is another one's"
            " elsewhere",
            "make the same variables in the same order on every worker",
            "creation_order.from_a_set",
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
            "what a tf.function read when it was traced has changed since",
            "the trace keeps the number, the array or the variable that was there",
            "pass it as a tensor argument, or keep it in a tf.Variable, to which you assign",
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
            "strategy.run returns a value for each replica",
            "reduce it, or take strategy.experimental_local_results of it",
            "per_replica_value.given_to_op",
        ),
        Code(
            "TB305",
            "last_replica_wins",
            ERROR,
            "each replica stores its own value under one name",
            "replicas of a worker share its Python, so the last one's value is there afterwards",
            "return it from strategy.run and reduce what comes back",
            "module_global.rebound_in_replica",
        ),
        Code(
            "TB306",
            "workers_diverge",
            ERROR,
            "what the replica function stores under a name is another value on each worker",
            "each worker has Python of its own, and stores there what its replica has computed",
            "return it from strategy.run and reduce what comes back",
            "python_state.dict_of_metrics",
        ),
        Code(
            "TB307",
            "not_shared",
            ERROR,
            "a tensor takes the place of a variable",
            "`v = v + 1` computes a tensor and binds the name to it; the variable stays as it was,"
            " and whoever else has it sees no change",
            "v.assign_add(1)",
            "rebound_variable.kept_by_rebinding",
        ),
        Code(
            "TB308",
            "frozen_in_trace",
            ERROR,
            "a random number is drawn while a tf.function is traced",
            "Python draws it once, and every call goes on with it",
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
            "pass numbers as tensors and batches of one shape, and make the tf.function once",
            "",
        ),
        Code(
            "TB401",
            "hang",
            ERROR,
            "workers wait for one that does not come",
            "a collective needs every worker",
            "let every worker make the same collectives in the same order",
            "collective.computed_by_chief",
        ),
        Code(
            "TB402",
            "wrong_value",
            ERROR,
            "workers make other collectives",
            "a collective is paired with whatever the other workers make next, and adds up what"
            " does not belong together",
            "let every worker make the same collectives in the same order",
            "collective.opposite_order",
        ),
        Code(
            "TB501",
            "rejected",
            ERROR,
            "TensorFlow refuses under replication",
            "it works on one device, and not with a strategy of several replicas",
            "create everything that works together inside one strategy.scope()",
            "module_global.trained_by_optimizer",
        ),
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
    )
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, where its cause stands."""

    code: str
    place: Place | None
    evidence: str
    """One sentence with the numbers that were seen."""
    use: Place | None = None
    """Where it shows."""

    @property
    def about(self) -> Code:
        """What its code means."""
        return CODES[self.code]
