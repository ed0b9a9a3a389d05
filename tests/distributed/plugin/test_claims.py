"""The pytest plugin: what a claim about a variable is about."""

from __future__ import annotations

from tests.distributed.plugin.conftest import Suite

ON_READ = """
import keras
import pytest
import tensorflow as tf
import tf_keras

ON_READ = tf.VariableSynchronization.ON_READ

def made(bed, aggregation):
    how = getattr(tf.VariableAggregation, aggregation)
    variable = bed.make(lambda: tf.Variable(0.0, synchronization=ON_READ, aggregation=how))
    bed.run(lambda: variable.assign(0.75))
    return variable

both = pytest.mark.distributed(["mirrored", "multi_worker_mirrored"], workers=2, replicas=2)
one = pytest.mark.distributed("mirrored", replicas=2)
"""


def test_a_claim_is_judged_by_what_a_reader_gets(suite: Suite) -> None:
    """A variable that is synchronized on read is claimed to read as a value, on all workers."""
    result = suite(
        ON_READ
        + """
@both
def test_sum(bed):
    bed.claim(made(bed, "SUM"), value=0.75 * bed.strategy.num_replicas_in_sync, equal=True)

@both
def test_mean(bed):
    bed.claim(made(bed, "MEAN"), value=0.75)

@both
def test_first(bed):
    bed.claim(made(bed, "ONLY_FIRST_REPLICA"), value=0.75)

@both
def test_within(bed):
    each = 0.75 * bed.strategy.num_replicas_in_sync
    variables = [made(bed, "SUM"), made(bed, "MEAN")]
    bed.claim(variables, value=[each, 0.75])
    bed.claim({"mean": variables[1]}, value={"mean": 0.75})

@both
@pytest.mark.parametrize("library", [keras, tf_keras], ids=lambda library: library.__name__)
def test_metric(bed, library):
    metric = bed.make(library.metrics.Mean)
    bed.run(lambda: metric.update_state(0.75))
    total, count = metric.variables
    bed.claim(total, value=0.75 * bed.strategy.num_replicas_in_sync, mirrored=True)
    bed.claim(count, value=float(bed.strategy.num_replicas_in_sync))
""",
        "-q",
    )
    # Of both strategies together there are three workers.
    result.assert_outcomes(passed=18)


def test_a_claim_of_what_copies_hold_fails_where_a_reader_gets_another_value(suite: Suite) -> None:
    """What each copy holds is shown as evidence, and is not what a claim is judged by."""
    result = suite(
        ON_READ
        + """
@one
def test_copy(bed):
    bed.claim(made(bed, "SUM"), value=0.75)

@one
def test_none(bed):
    bed.claim(made(bed, "NONE"), value=0.75)
"""
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "counted_per_replica: 1.5 for 0.75, read from copies 0.75",
            "  worker 0: SyncOnReadVariable * ON_READ SUM reads as 1.5: *:0 = 0.75*:1 = 0.75*",
            "rejected: when it is read: ValueError: Could not convert from *",
        ]
    )
