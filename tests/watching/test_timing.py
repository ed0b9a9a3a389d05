"""Timed steps: what begins one, what is counted in it, and what is taken away from it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from testbed.orders.timed import COLLECTIVE, LARGER, LOCAL, MEMORY, OPERATION, WHOLE, Profile
from testbed.worker.timing.loop_steps import LoopSteps
from testbed.worker.timing.pipeline import Pipeline
from testbed.worker.timing.profiling import profiled, read_profile
from testbed.worker.timing.reductions import Reductions
from testbed.worker.timing.rows import Rows
from testbed.worker.timing.step_clock import StepClock
from testbed.worker.timing.taken_away import TakenAway
from testbed.worker.timing.waits import timing_waits


class Enough(Exception):
    """Ends a loop after enough steps."""


def stop() -> None:
    raise Enough


@contextlib.contextmanager
def clocked(warm: int = 1, steps: int = 3) -> Iterator[StepClock]:
    """A clock that runs until it has timed enough steps."""
    clock = StepClock(warm, steps, stop, lambda number, function, arguments: None)
    with clock.running(), timing_waits(clock), contextlib.suppress(Enough):
        yield clock


def forever(step: Callable[[], object]) -> None:
    while True:
        step()


def test_a_function_around_run_is_a_step(mirrored: Any) -> None:
    """The call of the tf.function is timed, and other functions are no steps."""

    step = tf.function(lambda: mirrored.run(lambda: tf.constant(1.0)))
    other = tf.function(lambda: tf.constant(2.0))

    with clocked() as clock:
        forever(lambda: (step(), other()))
    assert len(clock.steps) == 3
    assert not clock.is_eager
    assert clock.place
    assert clock.place.file == __file__
    assert all(0 < each.called <= each.period for each in clock.steps)


def test_run_outside_of_a_function_is_eager(mirrored: Any) -> None:
    """Each call of `strategy.run` is a step."""
    with clocked() as clock:
        forever(lambda: mirrored.run(lambda: tf.constant(1.0)))
    assert clock.is_eager
    assert len(clock.steps) == 3


def test_a_compiled_replica_function_is_not_eager(mirrored: Any) -> None:
    """MirroredStrategy calls a tf.function for replicas within another tf.function."""
    compiled = tf.function(lambda: tf.constant(1.0))
    with clocked() as clock:
        forever(lambda: mirrored.run(compiled))
    assert not clock.is_eager


def test_time_between_the_steps_is_not_in_their_calls(mirrored: Any) -> None:
    """What Python does between the calls belongs to the step before."""
    step = tf.function(lambda: mirrored.run(lambda: tf.constant(1.0)))

    def slow() -> None:
        step()
        time.sleep(0.02)

    with clocked() as clock:
        forever(slow)
    assert all(each.period > 0.02 > each.called for each in clock.steps)


def test_a_wait_for_input_is_counted(mirrored: Any) -> None:
    """The time until the dataset gives its next element belongs to the step before."""

    def rows() -> Iterator[float]:
        while True:
            time.sleep(0.02)
            yield 1.0

    spec = tf.TensorSpec([], tf.float32)
    iterator = iter(tf.data.Dataset.from_generator(rows, output_signature=spec))
    step = tf.function(lambda x: mirrored.run(lambda: x + 1.0))
    with clocked(steps=10) as clock:
        forever(lambda: step(next(iterator)))
    waited = sum(each.waited for each in clock.steps)
    assert 0.1 < waited < sum(each.period for each in clock.steps)


def test_fetches_and_traces_are_counted_with_their_lines(mirrored: Any) -> None:
    """A Python number traces in each step; a value is copied in each step."""

    def train(x: Any, number: Any) -> Any:
        return mirrored.run(lambda: x * number)

    step = tf.function(train)
    x = tf.ones([])
    with clocked(steps=5) as clock:
        for number in range(100):
            mirrored.experimental_local_results(step(x, number))[0].numpy()
    assert all(each.traced > 0 for each in clock.steps)
    assert clock.traced
    assert clock.traced.function == "train"
    assert [line.file for line in clock.fetches] == [__file__]
    assert all(each.fetched > 0 for each in clock.steps)


def in_a_call(*calls: Callable[[], object]) -> float:
    """The steps of a call that are counted while functions are called in turn, twice."""
    loop = LoopSteps()
    loop.start()

    def begins(number: int, function: Any, arguments: Any) -> None:
        loop.call_begins(function)

    with StepClock(0, 100, stop, begins, loop.run_is_traced).running():
        for call in calls * 2:
            call()
    return loop.of_a_call


@pytest.fixture
def total(mirrored: Any) -> tf.Variable:
    """A variable to which each step adds 1 on each replica."""
    with mirrored.scope():
        return tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)


@pytest.mark.filterwarnings("ignore:To make it possible to preserve")
def test_the_steps_of_a_loop_are_counted(mirrored: Any, total: tf.Variable) -> None:
    """A loop of the graph runs what is traced once; so does one with a condition, as in Keras."""

    def step() -> bool:
        mirrored.run(lambda: total.assign_add(tf.constant(1.0)))
        return True

    def in_condition(number: Any) -> Any:
        tf.cond(number < 3, step, lambda: False)
        return number + 1

    def of_keras() -> None:
        tf.while_loop(lambda number: number < 4, in_condition, (0,))

    def over_data(batches: Any) -> None:
        for _ in batches:
            step()

    def twice(batches: Any) -> None:
        for _ in batches:
            step()
            step()

    data = mirrored.experimental_distribute_dataset(tf.data.Dataset.range(10).batch(2))
    assert in_a_call(tf.function(of_keras)) == 3
    over, both = tf.function(over_data), tf.function(twice)
    assert in_a_call(lambda: over(data)) == 5
    assert in_a_call(lambda: both(data)) == 5
    assert total.numpy() == 2 * 2 * (3 + 5 + 10)


@pytest.mark.filterwarnings("ignore:To make it possible to preserve")
@pytest.mark.parametrize(("trained", "steps"), [(2, 1), (0, 5)])
def test_the_function_that_is_called_most_counts(
    mirrored: Any, total: tf.Variable, trained: int, steps: int
) -> None:
    """A loop of many steps that is called now and then, as to evaluate, is another one."""

    def step() -> None:
        mirrored.run(lambda: total.assign_add(tf.constant(1.0)))

    def over(batches: Any) -> None:
        for _ in batches:
            step()

    train, evaluate = tf.function(step), tf.function(over)
    data = mirrored.experimental_distribute_dataset(tf.data.Dataset.range(10).batch(2))
    assert in_a_call(*[train] * trained, lambda: evaluate(data)) == steps


def test_a_call_without_a_loop_is_a_step(mirrored: Any, total: tf.Variable) -> None:
    """So is one with a Python loop, which is traced as often as it runs."""

    def several() -> None:
        for _ in range(3):
            mirrored.run(lambda: total.assign_add(tf.constant(1.0)))

    assert in_a_call(several) == 1
    assert in_a_call(tf.function(several)) == 1


def test_rows_of_replicas_and_of_all(mirrored: Any) -> None:
    """Values of replicas have their own rows; a tensor has the same for each."""
    rows = Rows()
    values = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.zeros([3 if context.replica_id_in_sync_group else 5, 2])
    )
    rows.seen(((values, 1),))
    assert rows.of_replicas == (5, 3)
    assert rows.of_all(2) == 8
    same = Rows()
    same.seen((tf.zeros([4, 2]),))
    assert same.of_replicas == ()
    assert same.of_all(2) == 8
    unknown = Rows()
    unknown.seen((iter(()), tf.constant(1)))
    assert unknown.of_all(2) == 0


def test_the_pipeline_is_the_programs_own(mirrored: Any) -> None:
    """Transformations that the strategy adds are not the program's."""
    rows = Rows()
    pipeline = Pipeline(rows)
    with pipeline.recording():
        dataset = tf.data.Dataset.range(8).map(lambda x: x, num_parallel_calls=2)
        dataset = dataset.batch(4).prefetch(1)
        iter(mirrored.experimental_distribute_dataset(dataset))
    assert [(each.name, each.is_parallel) for each in pipeline.parts] == [
        ("map", True),
        ("batch", False),
        ("prefetch", False),
    ]
    assert rows.stated == 4


def batches(dataset: Any) -> list[list[int]]:
    return [each.numpy().tolist() for each in dataset]


def test_input_from_memory_is_as_long_as_before(mirrored: Any) -> None:
    """The first four batches come again and again, and an epoch has its length."""
    taken = TakenAway(MEMORY)
    with taken.taken():
        kept = batches(tf.data.Dataset.range(12).batch(2))
    assert kept == [[0, 1], [2, 3], [4, 5], [6, 7], [0, 1], [2, 3]]
    assert taken.is_effective


@pytest.mark.parametrize(("variant", "rows"), [(WHOLE, 2), (MEMORY, 2), (LOCAL, 2), (LARGER, 6)])
def test_larger_steps_have_three_times_the_rows(mirrored: Any, variant: str, rows: int) -> None:
    """A distributed dataset is changed once, though it is iterated over, too."""
    dataset = tf.data.Dataset.range(8).batch(4)
    with TakenAway(variant).taken():
        first = next(iter(mirrored.experimental_distribute_dataset(dataset)))
    parts = mirrored.experimental_local_results(first)
    assert [int(part.shape[0]) for part in parts] == [rows, rows]


def test_a_program_without_a_dataset_has_nothing_to_keep() -> None:
    """Then the run is no measure of the input."""
    taken = TakenAway(MEMORY)
    with taken.taken():
        pass
    assert not taken.is_effective
    assert TakenAway(LOCAL).is_effective


def test_replicas_keep_their_own_values_without_communication(mirrored: Any) -> None:
    """A reduction within the replicas, and one of their results, gives each its own."""

    def replica() -> Any:
        context = tf.distribute.get_replica_context()
        own = tf.cast(context.replica_id_in_sync_group, tf.float32) + 1.0
        return context.all_reduce("SUM", own)

    def reduced() -> list[float]:
        found = tf.function(lambda: mirrored.run(replica))()
        return [float(each) for each in mirrored.experimental_local_results(found)]

    assert reduced() == [3.0, 3.0]
    with TakenAway(LOCAL).taken():
        assert reduced() == [1.0, 2.0]


def test_reductions_are_counted_with_their_variables(mirrored: Any) -> None:
    """Each value of a step counts once, however many replicas it has; none before it does."""
    reductions = Reductions()
    with mirrored.scope():
        weight = tf.Variable(tf.zeros([256]), name="weight")

    def update(strategy: Any, gradient: Any) -> None:
        found = strategy.extended.batch_reduce_to("SUM", [(gradient, weight)])
        strategy.extended.update(weight, lambda copy, value: copy.assign_add(value), args=found)

    def replica() -> None:
        tf.distribute.get_replica_context().merge_call(update, args=(tf.ones([256]),))

    with reductions.counting():
        mirrored.run(lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.ones([999])))
        reductions.step_begins()
        mirrored.run(replica)
        reductions.step_begins()
        # A compiled step reduces, but nothing that Python sees.
        reductions.step_begins()
    assert [(each.of, each.bytes) for each in reductions.last] == [("weight", 1024)]


def profile_of(step: Callable[[], object], folder: Path, steps: int = 3) -> Profile:
    """What the profiler says of some steps of two replicas, the first of which is not profiled."""
    step()
    begins = []
    with profiled(str(folder)) as began:
        for _ in range(steps):
            begins.append(time.time())
            step()
    after = time.time()
    seen = read_profile(str(folder), began, begins, 2)
    assert seen
    assert all(began <= each.begin <= after for each in seen.events)
    return seen


def test_a_profile_tells_replicas_and_collectives_apart(mirrored: Any, tmp_path: Path) -> None:
    """Operations belong to their replicas, and lie within the profiled time."""

    def replica() -> Any:
        context = tf.distribute.get_replica_context()
        x = tf.random.stateless_normal([400, 400], [1, 2])
        for _ in tf.range(2 + 18 * context.replica_id_in_sync_group):
            x = tf.tanh(x @ x)
        return context.all_reduce("SUM", x)

    seen = profile_of(tf.function(lambda: mirrored.run(replica)), tmp_path)
    assert seen.busy[1] > 2 * seen.busy[0] > 0
    assert {COLLECTIVE, OPERATION} <= {each.kind for each in seen.events}
    assert read_profile(str(tmp_path / "none"), 0.0, [1.0], 2) is None


def test_updates_belong_to_the_replica_of_their_copy(mirrored: Any, tmp_path: Path) -> None:
    """An optimizer names them `update_1` and, for further variables, `update_1_2` and so on."""
    with mirrored.scope():
        weights = [tf.Variable(tf.ones([512, 512])) for _ in range(3)]
        optimizer = tf.keras.optimizers.Adam()
        optimizer.build(weights)

    def replica() -> None:
        optimizer.apply_gradients((tf.ones([512, 512]), each) for each in weights)

    seen = profile_of(tf.function(lambda: mirrored.run(replica)), tmp_path, 8)
    updates: dict[str, set[int]] = {"update_0": set(), "update_1": set()}
    for event in seen.events:
        for name, replicas in updates.items():
            if event.kind == OPERATION and name in event.name:
                replicas.add(event.replica)
    assert updates == {"update_0": {0}, "update_1": {1}}
