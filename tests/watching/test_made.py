"""Variables of a program: how each was created, and every access to it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.check.observations.operations import TABLE
from testbed.check.observations.seen import Access, WorkerObservations
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.made import Variables
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

ADD = "AssignAddVariableOp"


def adding(found: WorkerObservations) -> dict[tuple[str, int], Access]:
    """The accesses that add, by who did it to which copy."""
    return {(each.who, each.copy): each for each in found.accesses if each.operation == ADD}


def test_a_mirrored_variable_is_one_variable_with_a_copy_for_each_replica(mirrored: Any) -> None:
    """Its record holds the line, the type and the values; its copies have no records."""

    def program() -> Any:
        with mirrored.scope():
            total = tf.VariableAggregation.SUM
            return tf.Variable([1.0, 2.0], name="w", aggregation=total)  # at: w

    found = observed(program)
    (birth,) = found.births
    assert HERE.name(birth.place) == "w"
    assert birth.place is not None
    assert birth.place.function == "program"
    assert (birth.name, birth.type) == ("w:0", "MirroredVariable")
    assert (birth.distributed, birth.in_scope, birth.type) == (True, True, "MirroredVariable")
    assert (birth.synchronization, birth.aggregation) == ("ON_WRITE", "SUM")
    assert (birth.shape, birth.dtype, birth.start) == ((2,), "float32", [1.0, 2.0])
    assert birth.copies == ([1.0, 2.0], [1.0, 2.0])


def test_a_variable_without_a_scope_has_one_copy() -> None:
    """It is a plain variable, not in a scope; a function as initial value gives no start."""
    kept = []

    def program() -> None:
        kept.append(tf.Variable(3))  # at: plain
        kept.append(tf.Variable(lambda: 4.0))

    plain, by_function = observed(program).births
    assert HERE.name(plain.place) == "plain"
    assert (plain.number, plain.type, plain.dtype) == (0, "ResourceVariable", "int32")
    assert (plain.distributed, plain.in_scope, plain.copies) == (False, False, (3,))
    assert (plain.start, by_function.start) == (3, None)
    assert (by_function.number, by_function.copies) == (1, (4.0,))


def test_a_variable_knows_how_many_steps_had_begun(mirrored: Any) -> None:
    """Runs and outermost calls of tf.functions are steps."""

    def program() -> Any:
        mirrored.run(lambda: None)
        tf.function(lambda: None)()
        return tf.Variable(0.0)

    assert [each.step for each in observed(program).births] == [2]


def test_replicas_write_a_plain_variable_one_after_the_other(mirrored: Any) -> None:
    """Both replicas add to the one copy, and are foreign to it: it belongs to no strategy."""

    def program() -> None:
        counter = tf.Variable(0.0)

        def step() -> None:
            counter.assign_add(1.0)  # at: counts

        for _ in range(3):
            mirrored.run(step)

    found = observed(program)
    writes = adding(found)
    assert set(writes) == {("replica 0", 0), ("replica 1", 0)}
    assert [(each.count, each.delta) for each in writes.values()] == [(3, 1.0), (3, 1.0)]
    assert all(each.foreign and each.variable == 0 for each in writes.values())
    assert {HERE.name(each.place) for each in writes.values()} == {"counts"}
    assert found.births[0].copies == (6.0,)


def test_each_replica_writes_its_own_copy_of_a_variable_that_is_summed_on_read(
    mirrored: Any,
) -> None:
    """Each replica adds to the copy of its number, in the strategy of the variable."""

    def program() -> None:
        with mirrored.scope():
            total = tf.Variable(
                0.0,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            )
        mirrored.run(lambda: total.assign_add(1.0))

    found = observed(program)
    writes = adding(found)
    assert set(writes) == {("replica 0", 0), ("replica 1", 1)}
    assert not any(each.foreign for each in writes.values())
    assert found.births[0].copies == (1.0, 1.0)


def test_replicas_write_a_mirrored_variable_together(mirrored: Any) -> None:
    """The update is merged, once for each copy, at the line where the replicas meet."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)

        def step() -> None:
            weight.assign_add(tf.constant(1.0))  # at: meet

        mirrored.run(step)
        weight.assign_add(1.0)  # at: outside

    found = observed(program)
    writes = adding(found)
    assert {(who, copy): HERE.name(each.place) for (who, copy), each in writes.items()} == {
        ("merged", 0): "meet",
        ("merged", 1): "meet",
        ("outside", 0): "outside",
        ("outside", 1): "outside",
    }
    assert found.births[0].copies == (3.0, 3.0)


def test_a_read_of_copies_that_differ_keeps_their_values(mirrored: Any) -> None:
    """A mirrored variable whose copies differ when it is read shows both values."""

    def program() -> None:
        with mirrored.scope():
            same, torn = tf.Variable(1.0), tf.Variable(1.0)
        mirrored.experimental_local_results(torn)[1].assign(5.0)
        same.numpy()
        torn.numpy()  # at: read

    found = observed(program)
    same, torn = found.births
    (read,) = (each for each in found.accesses if each.apart)
    assert (read.variable, read.apart, read.who) == (torn.number, (1.0, 5.0), "outside")
    assert HERE.name(read.place) == "read"
    assert (same.copies, torn.copies) == ((1.0, 1.0), (1.0, 5.0))


def test_a_table_is_kept_like_a_variable(mirrored: Any) -> None:
    """Its creation and its inserts are observed."""

    def program() -> None:
        table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)  # at: table
        table.insert(tf.constant(["a"]), tf.constant([1], tf.int64))  # at: insert

    found = observed(program)
    (birth,) = found.births
    assert (birth.type, birth.name) == (TABLE, "MutableHashTable")
    assert HERE.name(birth.place) == "table"
    (insert,) = (each for each in found.accesses if each.writes)
    assert insert.operation.startswith("LookupTableInsert")
    assert (insert.variable, HERE.name(insert.place)) == (0, "insert")


def test_a_replayed_operation_counts_once() -> None:
    """A later call of the same trace says nothing new about who writes."""
    variables = Variables(CurrentStep())
    counter = tf.Variable(0.0)
    variables.variable_created(counter)
    for _ in range(3):
        variables.replayed(ADD, [counter.handle, tf.constant(1.0)])
    variables.replayed(ADD, [tf.Variable(0.0).handle, tf.constant(1.0)])
    (access,) = variables.accesses()
    assert (access.variable, access.operation, access.who, access.count) == (0, ADD, "outside", 1)


def test_what_an_assignment_returns_is_no_further_variable() -> None:
    """It is another object for the same variable."""

    def program() -> None:
        counter = tf.Variable(0.0)
        counter.assign_add(1.0).assign_add(1.0)

    assert [each.copies for each in observed(program).births] == [(2.0,)]
