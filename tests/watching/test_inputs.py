"""What replicas are given, and what becomes of it."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Given
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

EIGHT = [float(number) for number in range(8)]


def given_by(program: Any) -> Given:
    """What the only step of a program is given."""
    (given,) = observed(program).given
    return given


def per_replica(strategy: Any, values: list[Any]) -> Any:
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(values[context.replica_id_in_sync_group])
    )


def test_a_plain_batch_goes_to_all_replicas_alike(mirrored: Any) -> None:
    """Its digests are kept, and where it was taken from its iterator."""

    def step(batch: Any) -> Any:
        return tf.reduce_sum(batch)

    def program() -> None:
        for batch in tf.data.Dataset.from_tensor_slices(EIGHT).batch(4):  # at: taken
            mirrored.run(step, (batch,))  # at: run

    given = given_by(program)
    assert (given.function, HERE.name(given.place)) == ("step", "run")
    assert (given.replicas, given.calls, given.fed) == (2, 2, True)
    assert HERE.name(given.source) == "taken"
    assert [told.split()[0] for told in given.plain] == ["4", "4"]
    assert len(set(given.plain)) == 2
    assert given.plain == given.batches


def test_a_distributed_dataset_gives_each_replica_its_share(mirrored: Any) -> None:
    """Nothing of it is plain."""

    def program() -> None:
        dataset = tf.data.Dataset.from_tensor_slices(EIGHT).batch(4)
        for batch in mirrored.experimental_distribute_dataset(dataset):
            mirrored.run(tf.reduce_sum, (batch,))

    given = given_by(program)
    assert given.plain == ()
    assert [told.split()[0] for told in given.batches] == ["2,2", "2,2"]
    assert given.uneven == ()


def test_a_step_that_is_given_nothing(mirrored: Any) -> None:
    """It is listed, and not fed."""
    given = given_by(lambda: mirrored.run(lambda: None))
    assert (given.fed, given.plain, given.batches, given.source) == (False, (), (), None)


def test_a_tf_function_around_a_run_is_the_step(mirrored: Any) -> None:
    """What it is called with goes through to the replicas."""

    def replica(batch: Any) -> Any:
        return tf.reduce_sum(batch)

    def program() -> None:
        step = tf.function(lambda batch: mirrored.run(replica, (batch,)))
        for batch in tf.data.Dataset.from_tensor_slices(EIGHT).batch(4):
            step(batch)  # at: function

    given = given_by(program)
    assert (given.function, HERE.name(given.place)) == ("<lambda>", "function")
    assert (given.calls, len(given.plain)) == (2, 2)


def test_uneven_shares_whose_means_are_averaged(mirrored: Any) -> None:
    """The sizes are kept, and the line that averages; with a sum there is none."""

    def mean(batch: Any) -> Any:
        return tf.reduce_mean(batch)

    def averaging() -> None:
        result = mirrored.run(mean, (per_replica(mirrored, [[1.0, 2.0, 3.0], [4.0]]),))
        mirrored.reduce("MEAN", result, axis=None)  # at: averages

    def summing() -> None:
        result = mirrored.run(mean, (per_replica(mirrored, [[1.0, 2.0, 3.0], [4.0]]),))
        mirrored.reduce("SUM", result, axis=None)

    given = given_by(averaging)
    assert (given.uneven, given.combined, given.summed) == ((3, 1), ("MEAN",), False)
    assert HERE.name(given.averaged) == "averages"
    given = given_by(summing)
    assert (given.uneven, given.combined, given.summed) == ((3, 1), ("SUM",), True)
    assert given.averaged is None


def test_even_shares_may_be_averaged(mirrored: Any) -> None:
    """The mean of their means is the mean of all."""

    def program() -> None:
        batch = per_replica(mirrored, [[1.0, 2.0], [3.0, 4.0]])
        mirrored.reduce("MEAN", mirrored.run(tf.reduce_mean, (batch,)), axis=None)

    given = given_by(program)
    assert (given.uneven, given.averaged, given.combined) == ((), None, ("MEAN",))


def test_results_that_are_gathered(mirrored: Any) -> None:
    """A gathered result is one combined by GATHER."""

    def program() -> None:
        batch = per_replica(mirrored, [[1.0], [2.0]])
        mirrored.gather(mirrored.run(tf.abs, (batch,)), axis=0)

    assert given_by(program).combined == ("GATHER",)


def test_an_empty_share_makes_a_variable_nan(mirrored: Any) -> None:
    """The mean of nothing is no number, and reaches the variable."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, name="weight", aggregation=tf.VariableAggregation.SUM)
        batch = per_replica(mirrored, [[1.0, 2.0], []])
        mirrored.run(lambda share: weight.assign_add(tf.reduce_mean(share)), (batch,))
        assert math.isnan(weight.numpy())

    given = given_by(program)
    assert (given.empty, given.not_a_number) == ((2, 0), "'weight'")


def test_an_empty_share_makes_a_result_nan(mirrored: Any) -> None:
    """It counts once it is combined; a sum of nothing is a number."""

    def combined(reduction: Any) -> Given:
        def program() -> None:
            batch = per_replica(mirrored, [[1.0, 2.0], []])
            mirrored.reduce("SUM", mirrored.run(reduction, (batch,)), axis=None)

        return given_by(program)

    assert combined(tf.reduce_mean).not_a_number == "the result of the step"
    assert combined(tf.reduce_sum).not_a_number == ""


def test_replicas_that_ask_for_their_numbers_differ_by_design(mirrored: Any) -> None:
    """A step that reads the replica's number is told apart from one that does not."""

    def asks() -> Any:
        return tf.distribute.get_replica_context().replica_id_in_sync_group

    assert given_by(lambda: mirrored.run(asks)).asked is True
    assert given_by(lambda: mirrored.run(lambda: tf.constant(1))).asked is False


def test_a_step_that_trains(mirrored: Any) -> None:
    """It changes a trainable variable that is to be alike; a counter is none."""

    def given_of(**options: Any) -> Given:
        def program() -> None:
            with mirrored.scope():
                weight = tf.Variable([0.0, 0.0], aggregation=tf.VariableAggregation.SUM, **options)
            mirrored.run(lambda: weight.assign_add(tf.ones([2])))

        return given_by(program)

    own = given_of(synchronization=tf.VariableSynchronization.ON_READ)
    trained, counted = given_of(), given_of(trainable=False)
    assert (trained.trains, trained.asked) == (True, False)
    assert (counted.trains, counted.asked) == (False, False)
    assert (own.trains, own.asked) == (False, True)


def test_replicas_take_elements_from_one_iterator(mirrored: Any) -> None:
    """An iterator with an end is kept, one without an end is not."""

    def program() -> None:
        ending = iter(tf.data.Dataset.range(8))
        endless = iter(tf.data.Dataset.range(8).repeat())

        def step() -> None:
            next(ending)  # at: next
            next(endless)

        mirrored.run(step)

    (taken,) = observed(program).taken
    assert (HERE.name(taken.place), taken.replicas) == ("next", 2)
