"""Codes of mistakes in the cooperation of replicas and workers, and of TensorFlow's refusals."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB401",
        "hang",
        ERROR,
        "workers wait for a worker that does not come",
        "a collective completes only when every worker takes part in it",
        "let every worker run the same collectives in the same order: no collective, no save and no"
        " read of an ON_READ variable for one worker alone, and equally many steps",
        "collective.computed_by_chief",
        fine_if="never: the program does not end",
    ),
    Code(
        "TB402",
        "wrong_value",
        ERROR,
        "workers run different collectives",
        "each collective is paired with the next one of the other workers, and combines values"
        " that do not belong together",
        "let every worker run the same collectives in the same order",
        "collective.opposite_order",
        fine_if="the collectives combine values of the same shape and meaning, and their order"
        " does not matter; TensorFlow cannot know that, and a change of one branch makes"
        " it wrong",
    ),
    Code(
        "TB403",
        "wrong_value",
        WARNING,
        "replicas synchronise at different lines",
        "a value that one replica reduces or assigns is paired with the next value of the others",
        "let all replicas reduce and assign in the same order",
        "collective.opposite_order",
        fine_if="the values that are reduced in different orders are equal on all replicas, or"
        " of equal meaning",
    ),
    Code(
        "TB404",
        "hang",
        ERROR,
        "a program that finishes on one device does not finish under replication",
        "the replicas of a worker run one at a time until each reaches a point where they"
        " synchronise: if one replica holds a lock there, the next one waits for that lock forever",
        "hold no lock where replicas synchronise: at a reduction, an optimizer's step, an"
        " assignment with an aggregation",
        "lock.around_an_assignment",
        fine_if="never: the program does not end",
    ),
    Code(
        "TB405",
        "workers_diverge",
        ERROR,
        "the program leaves the cluster in which it was started",
        "TF_CONFIG names the workers of the cluster: if it is removed or describes only one task,"
        " each worker is a cluster of one, trains a separate model, and writes to the same files",
        "keep the TF_CONFIG with which a worker is started: set or remove it only if no launcher"
        ' has set it (if "TF_CONFIG" not in os.environ)',
        "module_global.random_start",
        fine_if="the workers are independent programs on purpose, such as one trial of a search"
        " each; then start them without a cluster",
    ),
    Code(
        "TB406",
        "workers_diverge",
        ERROR,
        "the program describes its cluster after the strategy was made",
        "MultiWorkerMirroredStrategy reads TF_CONFIG when it is made, and a later value has no"
        " effect: where nothing else has set it, each process is a cluster of one and trains a"
        " separate model",
        "set TF_CONFIG before the strategy is made, and only if no launcher has set it"
        ' (if "TF_CONFIG" not in os.environ)',
        "module_global.random_start",
        fine_if="every process shall train by itself, and TF_CONFIG is only passed on to"
        " programs that it starts",
    ),
    Code(
        "TB501",
        "rejected",
        ERROR,
        "the program fails under replication",
        "the program finishes without replication, or the error names a strategy; it is none of"
        " the known errors, which have their own causes and cures",
        "change this line, as the error says; testbed explain takes a part of its text",
        "module_global.trained_by_optimizer",
        fine_if="the program catches the error on purpose and continues another way",
    ),
    Code(
        "TB502",
        "wrong_value",
        ERROR,
        "a tape finds no gradient under replication",
        "a tape that is open around strategy.run or merge_call does not record them; the gradient"
        " None is not an error, so nothing is trained",
        "open the tape and take the gradient inside the replica function, and reduce there with"
        " tf.distribute.get_replica_context().all_reduce",
        "gradient_tape.tape_around_run",
        fine_if="the gradient shall be None, because the program tests for it and treats it as"
        " zero",
    ),
    Code(
        "TB503",
        "wrong_value",
        ERROR,
        "Python tests the truth of an object that has several values",
        "a PerReplica value and a mirrored variable define no truth value, so Python takes them"
        " for true",
        "test a reduced value, or the result of variable.numpy()",
        "per_replica_value.tested_by_if",
        fine_if="the test asks only whether the object exists; `is not None` says that",
    ),
)
