"""What replicas and workers do together, and what TensorFlow refuses."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
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
        "TB405",
        "workers_diverge",
        ERROR,
        "the program leaves the cluster that it is started in",
        "TF_CONFIG tells each worker who the others are: where it is removed or describes one"
        " task, each worker is a cluster of one, trains a model of its own, and writes the same"
        " files",
        "keep the TF_CONFIG with which a worker is started: set or remove it only where no"
        ' launcher has set it (if "TF_CONFIG" not in os.environ)',
        "module_global.random_start",
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
)
