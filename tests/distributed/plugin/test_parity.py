"""The pytest plugin: a claim that a step computes on all replicas what it computes on one."""

from __future__ import annotations

from tests.distributed.plugin.conftest import Suite

STEPS = """
import pytest
import tensorflow as tf

X = tf.random.stateless_normal([8, 3], seed=[1, 2])
Y = tf.reduce_sum(X, axis=1, keepdims=True)

def step_of(loss_of, *, dropout=0.0):
    def make_step(strategy):
        layers = [tf.keras.layers.Dense(4), tf.keras.layers.Dense(1)]
        model = tf.keras.Sequential([*layers, tf.keras.layers.Dropout(dropout)])
        optimizer = tf.keras.optimizers.SGD(0.1)
        model.build([None, 3])
        optimizer.build(model.trainable_variables)

        def step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(tf.square(model(x, training=True) - y))
            weights = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return loss

        return step

    return make_step

def of_own_part(errors):
    return tf.reduce_mean(errors)  # line 27

both = ["mirrored", "multi_worker_mirrored"]
modes = pytest.mark.distributed(both, workers=2, replicas=2, mode=["eager", "function"])
"""


def test_a_right_step_passes(suite: Suite) -> None:
    """With devices and workers, eagerly and traced; also with one replica."""
    result = suite(
        STEPS
        + """
@modes
def test_right(bed):
    strategy = bed.strategy
    of_all = lambda errors: tf.reduce_mean(errors) / bed.strategy.num_replicas_in_sync
    bed.parity(step_of(of_all), X, Y, reduce="SUM")
    assert bed.strategy is strategy

@pytest.mark.distributed(["default", "one_device"])
def test_one(bed):
    bed.parity(step_of(of_own_part), X, Y)
""",
        "-q",
    )
    # In both modes one worker of the first strategy, and two of the second.
    result.assert_outcomes(passed=8)


def test_a_wrong_step_fails_with_the_words_of_check(suite: Suite) -> None:
    """Line, code, both numbers, cure, and the line of the claim; judged over all workers."""
    result = suite(
        STEPS
        + """
@modes
def test_wrong(bed):
    bed.parity(step_of(of_own_part), X, Y)
"""
    )
    # The workers of several pass, and the test of them fails.
    result.assert_outcomes(passed=4, failed=4)
    lines = [
        "test_it.py:27: error TB901 wrong_value: the update is as many times as long *",
        "  seen: step 1 moves '*kernel' by * on {0} replicas, and by * on one: {0} times as much,*",
        "  cure: divide the loss by the batch of all replicas: *",
        "compared with one replica: step 1 differs; a step takes 8 elements on both",
        "  test_it.py:*: bed.parity(step_of(of_own_part), X, Y)",
    ]
    for replicas in (2, 4):
        result.stdout.fnmatch_lines([each.format(replicas) for each in lines])


def test_a_metric_is_judged_over_all_workers(suite: Suite) -> None:
    """Each worker holds a part of its total."""
    result = suite(
        STEPS
        + """
def counted(whole):
    def make_step(strategy):
        total = tf.Variable(
            0.0,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

        def step(y):
            mean = tf.reduce_mean(tf.square(y))
            total.assign_add(mean if whole else mean / strategy.num_replicas_in_sync)

        return step

    return make_step

@pytest.mark.distributed(workers=2, replicas=2)
@pytest.mark.parametrize("whole", [False, True])
def test_total(bed, whole):
    bed.parity(counted(whole), Y)
"""
    )
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_total[[]True]*",
            "test_it.py:*: error TB904 wrong_value: *",
            "  seen: step 1 adds * to the variable of line * on 4 replicas, and * on one *",
        ]
    )


def test_a_claim_that_cannot_be_judged_fails(suite: Suite) -> None:
    """It says why: random numbers, a worker that does not claim it, an unfit strategy or batch."""
    result = suite(
        STEPS
        + """
@pytest.mark.distributed("mirrored")
def test_dropout(bed):
    bed.parity(step_of(of_own_part, dropout=0.5), X, Y)

@pytest.mark.distributed(workers=2)
def test_one_worker(bed):
    if bed.worker == 0:
        bed.parity(lambda strategy: lambda x: None, X)

@pytest.mark.distributed("central_storage")
def test_strategy(bed):
    bed.parity(step_of(of_own_part), X, Y)

@pytest.mark.distributed("mirrored", replicas=3)
def test_batch(bed):
    bed.parity(step_of(of_own_part), X, Y)
"""
    )
    result.assert_outcomes(passed=2, failed=4)
    result.stdout.fnmatch_lines(
        [
            "not compared with one replica: its replicas draw random numbers",
            "not compared with one replica: 1 of 2 workers claim it",
            "E *ValueError: CentralStorageStrategy is not compared with one replica",
            "E *ValueError: a batch of 8 elements cannot be divided evenly among 3 replicas",
        ]
    )


def test_an_ignored_finding_is_no_failure(suite: Suite) -> None:
    """A comment at the line of the loss silences its code, as it does for `testbed check`."""
    silenced = STEPS.replace("# line 27", "# testbed: ignore[TB901]")
    result = suite(
        silenced
        + """
@pytest.mark.distributed("mirrored")
def test_silenced(bed):
    bed.parity(step_of(of_own_part), X, Y)
""",
        "-q",
    )
    result.assert_outcomes(passed=1)
