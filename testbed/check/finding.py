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
    level: str
    what: str
    why: str
    cure: str
    scenario: str
    """The scenario that shows it, as `testbed run` takes it."""


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
            "values are broadcast by order: a worker's variable gets what is another one's"
            " elsewhere",
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
            "a number changed after a tf.function had been traced with it",
            "the trace keeps the value that it had",
            "pass it as a tensor argument, or keep it in a tf.Variable",
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
            "TB403",
            "wrong_value",
            WARNING,
            "replicas come together from different lines",
            "what one of them reduces or assigns is paired with whatever the others bring next",
            "let all replicas reduce and assign in the same order",
            "collective.opposite_order",
        ),
        Code(
            "TB404",
            "hang",
            ERROR,
            "a program that ends on one device does not end under replication",
            "replicas of a worker run one at a time, as far as where they come together: what one"
            " of them holds there, such as a lock, the next one waits for",
            "hold no lock where replicas come together: at a reduction, an optimizer's step, an"
            " assignment with an aggregation",
            "lock.around_an_assignment",
        ),
        Code(
            "TB501",
            "rejected",
            ERROR,
            "TensorFlow refuses under replication",
            "what it says holds for a strategy of several replicas, and not for one device",
            "make variables, optimizer and metrics inside one strategy.scope(), and build them"
            " there; outside of a step take one value (reduce, variable.numpy()); in a step put"
            " what all replicas do together into no condition, loop or tf.function of its own",
            "module_global.trained_by_optimizer",
        ),
        Code(
            "TB502",
            "wrong_value",
            ERROR,
            "a tape finds no gradient under replication",
            "strategy.run and merge_call are not recorded by a tape that is open around them, and"
            " None is no error: nothing is trained",
            "open the tape and take the gradient inside the replica function, and reduce there with"
            " tf.distribute.get_replica_context().all_reduce",
            "gradient_tape.tape_around_run",
        ),
        Code(
            "TB503",
            "wrong_value",
            ERROR,
            "what has several values is asked whether it is true",
            "a PerReplica value and a mirrored variable have no truth of their own, so that Python"
            " takes them for true",
            "ask for the truth of a reduced value, or of what variable.numpy() returns",
            "per_replica_value.tested_by_if",
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
