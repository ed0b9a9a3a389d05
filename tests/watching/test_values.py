"""The values of variables: at the end, between steps, and where there is no room for them."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import Any

import pytest
import tensorflow as tf

from testbed.check.judge import judge
from testbed.worker.watching.variables import values
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)
FIRST = tf.VariableAggregation.ONLY_FIRST_REPLICA


def test_mirrored_variables_are_looked_at_after_one_two_and_four_steps(mirrored: Any) -> None:
    """Each look holds the number of steps and the value of each copy; plain ones have none."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        plain = tf.Variable(0.0)
        for _ in range(6):
            mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))
            plain.assign_add(1.0)

    weight, plain = observed(program).births
    assert weight.looks == ((1, (1.0, 1.0)), (2, (2.0, 2.0)), (4, (4.0, 4.0)))
    assert (weight.copies, plain.copies, plain.looks) == ((6.0, 6.0), (6.0,), ())


def test_steps_of_a_tf_function_are_looked_at_between_its_calls(mirrored: Any) -> None:
    """The tf.function around a run is the step."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.MEAN)
        step = tf.function(lambda: mirrored.run(lambda: weight.assign_add(tf.constant(1.0))))
        for _ in range(3):
            step()

    (weight,) = observed(program).births
    assert weight.looks == ((1, (1.0, 1.0)), (2, (2.0, 2.0)))


def test_looking_is_no_access_of_the_program(mirrored: Any) -> None:
    """The values that are read between steps are not among the reads of the program."""

    def program() -> None:
        with mirrored.scope():
            _ = tf.Variable(0.0)  # at: created
        for _ in range(3):
            mirrored.run(lambda: None)

    found = observed(program)
    assert len(found.births[0].looks) == 2
    # TensorFlow itself reads the first copy to create the second.
    assert {HERE.name(each.place) for each in found.accesses} == {"created"}


def test_a_variable_that_differs_on_purpose_is_not_looked_at(mirrored: Any) -> None:
    """A variable that is combined on read holds another value on each replica, rightly."""

    def program() -> None:
        with mirrored.scope():
            on_read = tf.VariableSynchronization.ON_READ
            own = tf.Variable(0.0, synchronization=on_read, aggregation=tf.VariableAggregation.SUM)
        for _ in range(3):
            mirrored.run(lambda: own.assign_add(1.0))
        own.read_value()

    found = observed(program)
    assert found.births[0].looks == ()
    assert [each.apart for each in found.accesses if each.apart] == []


def test_variables_beyond_the_memory_limit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable for which there is no room shows no values, and is still listed."""
    monkeypatch.setattr(values, "_KEPT_BYTES", 16)
    kept = []

    def program() -> None:
        kept.append(tf.Variable([1.0, 2.0]))
        kept.append(tf.Variable([0.0] * 4))

    assert [each.copies for each in observed(program).births] == [([1.0, 2.0],), ()]


class Refused(Exception):
    """Raised by a step."""


def end_of_data(mirrored: Any, steps: int) -> tuple[Any, Any]:
    """A counter, and a step that raises at the end of its data when one replica has counted.

    So it is with Keras 3: the iterator is read within the step, and the counter needs no data.
    """
    with mirrored.scope():
        counter = tf.Variable(0, dtype=tf.int64, aggregation=FIRST)
    batches = iter(tf.data.Dataset.range(steps))

    def step() -> None:
        first, second = counter.values
        with tf.control_dependencies([first.assign_add(1)]):
            one = next(batches) * 0 + 1
        second.assign_add(one)
        mirrored.run(lambda: None)

    return counter, tf.function(step)


def test_a_step_that_raises_is_told_apart_from_the_program_in_between(mirrored: Any) -> None:
    """Values are read right after the failed step, and again before the next step."""

    def program() -> None:
        counter, step = end_of_data(mirrored, steps=3)
        for _ in range(3):
            step()
        with pytest.raises(tf.errors.OutOfRangeError):
            step()
        counter.assign(9)
        mirrored.run(lambda: None)

    found = observed(program)
    (counter,) = found.births
    assert found.failed_steps == (4,)
    assert counter.looks == ((1, (1, 1)), (2, (2, 2)), (4, (4, 3)), (4, (9, 9)))


def test_copies_that_the_end_of_the_data_parts_are_no_finding(mirrored: Any) -> None:
    """TensorFlow cancels the last step in the middle; the program has done nothing wrong."""

    def program() -> None:
        counter, step = end_of_data(mirrored, steps=17)
        with contextlib.suppress(tf.errors.OutOfRangeError):
            while True:
                step()
        counter.numpy()

    found = observed(program)
    assert found.births[0].copies == (18, 17)
    assert judge([found]) == []


def test_copies_that_the_program_parts_are_found_beside_such_an_end(mirrored: Any) -> None:
    """What differs before the data end, or after, is the program's."""

    def program(early: bool) -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0)
        _, step = end_of_data(mirrored, steps=3)
        for _ in range(3):
            if early:
                weight.values[1].assign_add(1.0)
            step()
        with pytest.raises(tf.errors.OutOfRangeError):
            step()
        weight.values[1].assign_add(1.0)

    for early in (True, False):
        found = judge([observed(partial(program, early))])
        assert [each.code for each in found if "hold 0 and" in each.evidence] == ["TB201"]


def test_a_failure_of_a_trace_is_no_failed_step(mirrored: Any) -> None:
    """A trace runs nothing."""

    def program() -> None:
        def refused() -> None:
            raise Refused

        with pytest.raises(Refused):
            tf.function(lambda: mirrored.run(refused)).get_concrete_function()

    assert observed(program).failed_steps == ()


def test_many_failed_steps_take_few_looks(mirrored: Any) -> None:
    """Each epoch of Keras 3 ends in a failed step."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0)

        def ended() -> None:
            raise tf.errors.OutOfRangeError(None, None, "End of sequence")

        for _ in range(40):
            with pytest.raises(tf.errors.OutOfRangeError):
                mirrored.run(ended)
        weight.numpy()

    found = observed(program)
    assert found.failed_steps == tuple(range(1, 41))
    # At once and before the next step: after the first eight, the 16th and the 32nd.
    assert len(found.births[0].looks) == 2 * 10


def test_a_step_that_fails_otherwise_excuses_nothing(mirrored: Any) -> None:
    """Where the program skips a step that one replica refuses, its copies differ for good."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0)

        def half_refused() -> None:
            own = tf.distribute.get_replica_context().replica_id_in_sync_group
            if own:
                raise Refused
            weight.values[own].assign_add(1.0)

        with contextlib.suppress(Refused):
            mirrored.run(half_refused)
        mirrored.run(lambda: None)

    found = observed(program)
    assert found.failed_steps == ()
    assert "TB201" in {each.code for each in judge([found])}


def test_nothing_is_compared_while_another_thread_runs_a_step(mirrored: Any) -> None:
    """A thread may be in the middle of a step while the main thread reads, and at the end."""
    reached, go_on = threading.Event(), threading.Event()
    threads = []

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0)

        def half_a_step() -> None:
            if tf.distribute.get_replica_context().replica_id_in_sync_group:
                reached.set()
                assert go_on.wait(60)
            own = weight.values[tf.distribute.get_replica_context().replica_id_in_sync_group]
            own.assign_add(1.0)

        threads.append(threading.Thread(target=mirrored.run, args=(half_a_step,)))
        threads[0].start()
        assert reached.wait(60)
        weight.numpy()

    found = observed(program)
    go_on.set()
    threads[0].join()
    assert found.births[0].copies == (1.0, 0.0)
    assert found.failed_steps == (1,)
    assert [each for each in found.accesses if each.apart] == []
    assert [each for each in judge([found]) if each.code == "TB201"] == []
