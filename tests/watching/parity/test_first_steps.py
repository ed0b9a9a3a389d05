"""What the first steps of a program change, consume and return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy
import pytest
import tensorflow as tf

from testbed.check.parity.first_steps import METRIC, OTHER, RATE, SLOT, TRAINED
from testbed.worker.watching.parity import first_steps
from tests.watching.observing import Lines
from tests.watching.parity.recording import recorded

HERE = Lines(__file__)

MODES = pytest.mark.parametrize("traced", [False, True], ids=["eager", "graph"])
SUM, ONLY_FIRST = tf.VariableAggregation.SUM, tf.VariableAggregation.ONLY_FIRST_REPLICA
ON_READ = tf.VariableSynchronization.ON_READ


def called(train: Callable[..., Any], traced: bool) -> Callable[..., Any]:
    return tf.function(train) if traced else train


def descending(strategy: Any, steps: int, *, traced: bool = False) -> Callable[[], None]:
    """A program that trains `w` by some steps of gradient descent."""

    def program() -> None:
        with strategy.scope():
            w = tf.Variable([1.0, 2.0], name="w", aggregation=SUM)

        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(w * w)
            w.assign_sub(0.125 * tape.gradient(loss, w))

        def train() -> None:
            strategy.run(step)  # at: run

        call = called(train, traced)
        for _ in range(steps):
            call()  # at: call

    return program


@MODES
def test_updates_of_three_steps(mirrored: Any, traced: bool) -> None:
    """What each changes, from which values, and its line; later steps are not recorded."""
    found = recorded(descending(mirrored, 5, traced=traced))
    assert [
        (update.role, update.before, update.delta)
        for each in found.steps
        for update in each.updates
    ] == [
        (TRAINED, (1.0, 2.0), (-0.5, -1.0)),
        (TRAINED, (0.5, 1.0), (-0.25, -0.5)),
        (TRAINED, (0.25, 0.5), (-0.125, -0.25)),
    ]
    assert found.steps[0].updates[0].length == pytest.approx(1.25**0.5)
    assert {HERE.name(each.place) for each in found.steps} == {"call" if traced else "run"}
    assert all(each.trains and each.acts for each in found.steps)


def test_enough_after_three_steps(mirrored: Any) -> None:
    """It is said once, when a fourth step begins; the last step ends where the program ends."""
    assert recorded(descending(mirrored, 6)).enough == 1
    short = recorded(descending(mirrored, 3))
    assert (short.enough, len(short.steps)) == (0, 3)


def test_a_program_that_never_trains(mirrored: Any) -> None:
    """At most 16 steps are recorded, and none of them trains."""

    def program() -> None:
        for _ in range(20):
            mirrored.run(lambda: None)

    found = recorded(program)
    assert (len(found.steps), found.enough) == (16, 1)
    assert not any(each.trains or each.acts for each in found.steps)


def test_variables_that_the_first_step_creates(mirrored: Any) -> None:
    """They start from their initial values, and slots of an optimizer from zero."""

    def program() -> None:
        with mirrored.scope():
            layer = keras.layers.Dense(1, kernel_initializer="ones", name="dense")
            optimizer = keras.optimizers.SGD(0.1, momentum=0.9)

        def step() -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(tf.ones((2, 3))))
            weights = layer.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

        mirrored.run(step)
        mirrored.run(step)

    found = recorded(program)
    trained = [each for each in found.steps[0].updates if each.role == TRAINED]
    assert [each.before for each in trained] == [(1.0, 1.0, 1.0), (0.0,)]
    assert [by for each in trained for by in each.delta] == pytest.approx([-0.4] * 4)
    (slot,) = [
        each for each in found.steps[0].updates if each.role == SLOT and len(each.delta) == 3
    ]
    assert slot.before == (0.0, 0.0, 0.0)
    assert slot.delta == pytest.approx((-0.4, -0.4, -0.4))
    (rate,) = [each for each in found.steps[0].updates if each.role == RATE]
    assert rate.before == pytest.approx((0.1,))


def test_variables_that_a_trace_creates(mirrored: Any) -> None:
    """They start from their initial values as well."""
    made: list[Any] = []

    @tf.function  # type: ignore[untyped-decorator]
    def train() -> None:
        if not made:
            with tf.init_scope(), mirrored.scope():
                made.append(tf.Variable([1.0, 2.0], name="w", aggregation=SUM))
        mirrored.run(lambda: made[0].assign_add(tf.constant([0.5, 0.25])))

    update = recorded(train).updates()["w"]
    assert (update.before, update.delta) == ((1.0, 2.0), (1.0, 0.5))


@MODES
@pytest.mark.parametrize(
    ("aggregation", "total"),
    [(tf.VariableAggregation.SUM, 3.0), (tf.VariableAggregation.MEAN, 1.5), (ONLY_FIRST, 1.0)],
)
def test_a_variable_that_is_combined_when_read(
    mirrored: Any, aggregation: Any, total: float, traced: bool
) -> None:
    """Its elements are the sum or the mean of all copies, or the first one."""

    def program() -> None:
        with mirrored.scope():
            metric = tf.Variable(
                0.0, name="metric", synchronization=ON_READ, aggregation=aggregation
            )

        def step() -> None:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            metric.assign_add(tf.cast(replica, tf.float32) + 1.0)

        called(lambda: mirrored.run(step), traced)()

    found = recorded(program)
    update = found.updates()["metric"]
    assert (update.role, update.before, update.delta) == (METRIC, (0.0,), (total,))
    assert found.steps[0].acts
    assert not found.steps[0].trains


def test_copies_that_differ_are_not_trained_as_one(mirrored: Any) -> None:
    """A variable whose copies go apart is of the role OTHER."""

    def program() -> None:
        with mirrored.scope():
            w = tf.Variable(0.0, name="w", aggregation=tf.VariableAggregation.NONE)

        def step() -> None:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            tf.raw_ops.AssignAddVariableOp(
                resource=w.handle, value=tf.cast(replica, tf.float32) + 1.0
            )

        mirrored.run(step)

    assert recorded(program).updates()["w"].role == OTHER


def test_roles_of_other_variables(mirrored: Any) -> None:
    """What is not trainable, or no float, is not trained."""

    def program() -> None:
        with mirrored.scope():
            fixed = tf.Variable(0.0, name="fixed", trainable=False, aggregation=SUM)
            count = tf.Variable(0, name="count", aggregation=ONLY_FIRST)

        def step() -> None:
            fixed.assign_add(tf.constant(1.0))
            count.assign_add(1)

        mirrored.run(step)

    found = recorded(program)
    assert {name: (each.role, each.delta) for name, each in found.updates().items()} == {
        "fixed": (OTHER, (2.0,)),
        "count": (OTHER, (1.0,)),
    }


def test_texts_and_tables_have_no_updates(mirrored: Any) -> None:
    """What holds no numbers is left out."""

    def program() -> None:
        with mirrored.scope():
            text = tf.Variable("a", name="text", aggregation=ONLY_FIRST)
        tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, -1)
        mirrored.run(text.read_value)

    found = recorded(program)
    assert (len(found.steps), found.steps[0].updates) == (1, ())


def test_numbers_are_no_elements(mirrored: Any) -> None:
    """A step may get a number beside its batch, or nothing but a number."""

    def program() -> None:
        for given in ((tf.ones([2, 3]), tf.constant(0.5)), (tf.constant(0.5),)):
            mirrored.run(lambda *_: None, given)

    found = recorded(program)
    assert [each.elements for each in found.steps] == [2, 0]
    assert found.seen.failures == ()


@MODES
def test_elements_and_their_digest(mirrored: Any, traced: bool) -> None:
    """The rows of the batches of all replicas count, in any order; other rows differ."""
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]

    def steps(*batches: Any) -> list[tuple[int, int]]:
        def program() -> None:
            train = called(lambda batch: mirrored.run(tf.reduce_sum, (batch,)), traced)
            for batch in batches:
                dataset = tf.data.Dataset.from_tensor_slices(batch).batch(4)
                for each in mirrored.experimental_distribute_dataset(dataset):
                    train(each)

        return [(each.elements, each.digest) for each in recorded(program).steps]

    first, turned, other = steps(rows, rows[::-1], [*rows[:3], [0.0, 0.0]])
    assert first == turned
    assert first[0] == other[0] == 4
    assert first[1] != other[1]
    assert steps(rows) == [first]


@MODES
def test_shares_of_replicas(mirrored: Any, traced: bool) -> None:
    """Each replica's number of rows, also if one has none; unknown without a batch."""

    def program() -> None:
        train = called(lambda batch: mirrored.run(tf.reduce_sum, (batch,)), traced)
        dataset = tf.data.Dataset.from_tensor_slices(tf.ones([5, 3])).batch(4)
        for each in mirrored.experimental_distribute_dataset(dataset):
            train(each)
        mirrored.run(lambda: tf.constant(1.0))

    assert [each.shares for each in recorded(program).steps] == [(2, 2), (1, 0), ()]


def test_elements_of_a_step_alone(mirrored: Any) -> None:
    """What a step within a step gets does not count again; without arguments it is unknown."""

    def program() -> None:
        @tf.function  # type: ignore[untyped-decorator]
        def train(batch: Any) -> None:
            mirrored.run(tf.reduce_sum, (batch[:2],))

        train(tf.ones((6, 2)))
        mirrored.run(lambda: tf.constant(1.0))

    assert [each.elements for each in recorded(program).steps] == [6, 0]


def test_rates_of_schedules(mirrored: Any) -> None:
    """As each step takes it; a constant rate is a variable."""

    def program() -> None:
        with mirrored.scope():
            weight = keras.Variable(1.0)
            schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.25])
            optimizer = keras.optimizers.SGD(schedule)
            optimizer.build([weight])
        for _ in range(2):
            mirrored.run(lambda: optimizer.apply([tf.constant(1.0)], [weight]))

    assert [each.rates for each in recorded(program).steps] == [(0.5,), (0.25,)]


def test_batches_of_fit(mirrored: Any) -> None:
    """The size that is given, or Keras' own; a dataset has none."""

    def program() -> None:
        with mirrored.scope():
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            model.compile("sgd", "mse")
        x, y = numpy.ones((64, 2)), numpy.ones((64, 1))
        model.fit(x, y, batch_size=16, verbose=0)
        model.fit(x, y, verbose=0)
        model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(4), verbose=0)

    found = recorded(program)
    assert found.first.batches == (16,)
    assert found.enough == 1


def test_what_differs_for_each_replica(mirrored: Any) -> None:
    """Random numbers, and data of iterators of replicas; outside of replicas neither counts."""
    numbers = tf.data.Dataset.range(8)

    def drawing() -> None:
        mirrored.run(lambda: tf.random.uniform(()))

    def taking() -> None:
        iterator = iter(numbers)
        mirrored.run(lambda: next(iterator))

    def outside() -> None:
        tf.random.uniform(())
        next(iter(numbers))
        mirrored.run(lambda: None)

    told = [recorded(each).first for each in (drawing, taking, outside)]
    assert [(each.draws, each.takes, each.differs) for each in told] == [
        (True, False, True),
        (False, True, True),
        (False, False, False),
    ]


def test_own_statistics(mirrored: Any) -> None:
    """Of a batch normalisation, but not of one that normalises by itself."""

    def built(layer: Callable[[], Any]) -> Callable[[], None]:
        def program() -> None:
            with mirrored.scope():
                layer().build((None, 2))

        return program

    assert recorded(built(keras.layers.BatchNormalization)).first.own_statistics
    assert not recorded(built(keras.layers.LayerNormalization)).first.own_statistics


@pytest.mark.parametrize(("limit", "least"), [("_READ", 3), ("_SKETCHED", 15)])
def test_variables_that_are_too_large(
    mirrored: Any, monkeypatch: pytest.MonkeyPatch, limit: str, least: int
) -> None:
    """They are not read at each step, or not recorded, and the recorder says that it has enough."""
    monkeypatch.setattr(first_steps, limit, least)

    def program() -> None:
        with mirrored.scope():
            tf.Variable([1.0, 2.0])
            tf.Variable([1.0, 2.0])
        for _ in range(3):
            mirrored.run(lambda: None)

    found = recorded(program)
    assert found.first.omitted == "its variables are too large to be compared"
    assert found.enough == 1
