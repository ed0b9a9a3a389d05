"""Hooks into TensorFlow: what they emit, and that they change and leave nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from testbed.check.observations.watch_failure import WatchFailure
from testbed.worker.probes import leaving_out_frames
from testbed.worker.user_code.checked import seen_here
from testbed.worker.watching import hooks
from testbed.worker.watching.events import Events
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.variables.collectives import Collectives

ADD = "AssignAddVariableOp"


def emitted(program: Callable[[], object], *names: str) -> list[tuple[Any, ...]]:
    """The events of these names that a program emits: name and arguments."""
    events = Events()
    found: list[tuple[Any, ...]] = []
    for name in names:
        getattr(events, name).subscribe(
            "test", lambda *args, name=name: found.append((name, *args))
        )
    with watching(events):
        program()
    assert events.log.failures == ()
    return found


def add(variable: Any) -> Any:
    return variable.assign_add(1.0)


def test_no_hook_stays_behind() -> None:
    """After the block everything is as it was, after an exception, too."""

    def attributes() -> list[Any]:
        owners = (
            type(tf.Variable),
            tf.distribute.MirroredStrategy,
            tf.distribute.StrategyExtended,
            tf.distribute.ReplicaContext,
            tf.distribute.CrossDeviceOps,
            tf.GradientTape,
            type(tf.function(lambda: None)),
            *tf.distribute.Strategy.__mro__,
            *tf.distribute.ReplicaContext.__mro__,
            *tf.distribute.DistributedValues.__subclasses__(),
        )
        return [(owner, dict(vars(owner))) for owner in owners]

    before = attributes()
    with watching(Events()):
        assert attributes() != before
    assert attributes() == before
    with pytest.raises(ValueError, match="of the program"), watching(Events()):
        raise ValueError("of the program")
    assert attributes() == before


def test_the_events_of_a_run_are_in_their_order(mirrored: Any) -> None:
    """Begin, arguments, each replica's end, result, end."""

    def step(value: Any) -> Any:
        return value * 2

    results = []
    found = emitted(
        lambda: results.append(mirrored.run(step, (tf.constant(3),))),
        *("run_begins", "run_arguments", "replica_pauses", "run_result", "run_ends"),
    )
    assert [name for name, *_ in found] == [
        "run_begins",
        "run_arguments",
        "replica_pauses",
        "replica_pauses",
        "run_result",
        "run_ends",
    ]
    assert found[0][1:] == (mirrored, step)
    assert int(found[1][3][0][0][0]) == 3
    assert [found[2][1], found[3][1]] == [0, 1]
    assert found[4][1] is results[0]


def test_a_run_that_raises_ends_without_a_result(mirrored: Any) -> None:
    """The program gets its own exception."""

    def failing() -> None:
        raise ValueError("of the program")

    def program() -> None:
        with pytest.raises(ValueError, match="of the program"):
            mirrored.run(failing)

    found = emitted(program, "run_result", "run_ends")
    assert found == [("run_result", None), ("run_ends", mirrored, failing)]


def test_a_tf_function_is_called_and_returns() -> None:
    """With its arguments and its result; without a result where it raises."""
    double = tf.function(lambda value, *, by: value * by)

    def failing() -> None:
        raise ValueError("of the program")

    def program() -> None:
        double(tf.constant(2), by=3)
        with pytest.raises(ValueError, match="of the program"):
            tf.function(failing)()

    called, returned, _, none = emitted(program, "function_called", "function_returned")
    assert called[1] is double
    assert (int(called[2][0]), called[3]) == (2, {"by": 3})
    assert int(returned[1]) == 6
    assert none == ("function_returned", None)


def test_variables_are_requested_and_created(mirrored: Any) -> None:
    """The distributed variable is created after its copies."""
    kept = []

    def program() -> None:
        with mirrored.scope():
            kept.append(tf.Variable(2.0, name="weight"))

    found = emitted(program, "variable_requested", "variable_created")
    assert found[0] == ("variable_requested", "weight", 2.0)
    assert found[-1][0] == "variable_created"
    assert found[-1][1] is kept[0]
    created = {id(each[1]) for each in found if each[0] == "variable_created"}
    assert {id(each) for each in mirrored.experimental_local_results(kept[0])} < created


def test_strategies_and_scopes(mirrored: Any) -> None:
    """The creation of a strategy, and each scope's two ends."""

    def program() -> None:
        tf.distribute.MirroredStrategy(["CPU:0"])
        with mirrored.scope():
            pass

    found = emitted(program, "strategy_created", "scope_entered", "scope_left")
    names = [name for name, *_ in found]
    assert names.count("strategy_created") == 1
    assert names[-2:] == ["scope_entered", "scope_left"]
    assert found[-1][1] is found[-2][1]


def test_a_merged_function_may_close_over_a_name_without_a_value(mirrored: Any) -> None:
    """The names that are set are looked at; the name that is set later is no failure."""
    weight = tf.Variable(1.0)

    def merged(_: Any) -> Any:
        return [late, weight] if done else None

    def program() -> None:
        mirrored.run(lambda: tf.distribute.get_replica_context().merge_call(merged))

    done = False
    assert emitted(program, "replicas_meet") == [("replicas_meet", weight)] * 2
    late, done = 1, True
    assert merged(None) == [late, weight]


def test_replicas_meet_with_the_variable_that_they_update(mirrored: Any) -> None:
    """Of a tensor that is reduced no variable is known."""

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
        mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))
        mirrored.run(
            lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.constant(1.0))
        )
        kept.append(weight)

    kept: list[Any] = []
    found = [what for _, what in emitted(program, "replicas_meet")]
    assert len(found) == 4
    assert found[0] is found[1] is kept[0]
    assert found[2:] == [None, None]


def test_a_trace_that_was_made_before_shows_its_operations(mirrored: Any) -> None:
    """Those of functions within it, too, with the variables that they capture."""
    counter, other = tf.Variable(0.0), tf.Variable(0.0)
    inner = tf.function(lambda: add(other))

    def replica() -> None:
        add(counter)
        inner()

    step = tf.function(replica)

    def program() -> None:
        # Not the tf.function itself: TensorFlow would make another one around all replicas of it.
        mirrored.run(lambda: step())

    program()
    found = emitted(program, "operation_replayed")
    writes = [inputs[0] for _, kind, inputs in found if kind == ADD]
    assert {id(each) for each in writes} == {id(counter.handle), id(other.handle)}
    assert len(writes) == 4
    assert emitted(lambda: step(), "operation_replayed") == []


def test_operations_of_replicas(mirrored: Any) -> None:
    """Each replica's own are emitted, with inputs and outputs."""
    counter = tf.Variable(0.0)
    found = emitted(lambda: mirrored.run(add, (counter,)), "operation")
    adds = [inputs for _, kind, inputs, _ in found if kind == ADD]
    assert [each[0] is counter.handle for each in adds] == [True, True]


def test_a_replica_s_number_is_read_by_the_program(mirrored: Any) -> None:
    """What TensorFlow reads for itself is not emitted; the number is the same."""
    numbers = []

    def step() -> None:
        context = tf.distribute.get_replica_context()
        numbers.append(context.replica_id_in_sync_group)

    assert emitted(lambda: mirrored.run(step), "replica_id_read") == [("replica_id_read",)] * 2
    assert numbers == [0, 1]

    def reduces() -> Any:
        return tf.distribute.get_replica_context().all_reduce("SUM", tf.constant(1.0))

    assert emitted(lambda: mirrored.run(reduces), "replica_id_read") == []


def test_reductions_and_python_functions(mirrored: Any) -> None:
    """How values are reduced, and what a graph calls."""

    def note(value: Any) -> Any:
        return value

    def program() -> None:
        pair = mirrored.run(lambda: tf.constant([1.0]))
        mirrored.reduce(tf.distribute.ReduceOp.MEAN, pair, axis=None)
        mirrored.reduce("sum", pair, axis=None)
        mirrored.gather(pair, axis=0)
        tf.py_function(note, [tf.constant(1.0)], tf.float32)

    found = emitted(program, "reduced", "python_called")
    assert [each[1] for each in found[:3]] == ["MEAN", "SUM", "GATHER"]
    assert found[3] == ("python_called", note)


def test_gradients_with_their_sources() -> None:
    """As the tape returns them, and the target."""
    weight = tf.Variable(3.0)

    def program() -> None:
        with tf.GradientTape() as tape:
            loss = weight * weight
        tape.gradient(loss, [weight])

    ((_, sources, gradients, target),) = emitted(program, "gradient")
    assert sources[0] is weight
    assert float(target) == 9.0
    assert float(gradients[0]) == 6.0


def test_the_truth_of_several_values(mirrored: Any) -> None:
    """It stays true, and is emitted where the program asks."""
    pair = mirrored.run(
        lambda: tf.constant(tf.distribute.get_replica_context().replica_id_in_sync_group)
    )
    answers = []

    def program() -> None:
        answers.append("true" if pair else "false")

    found = emitted(program, "truth_tested")
    assert (len(found), found[0][1] is pair, answers) == (1, True, ["true"])


def test_a_sum_without_a_strategy_is_no_collective() -> None:
    """It combines nothing, and observing it does not fail."""
    events, results = Events(), []
    with watching(events):
        results.append(tf.distribute.get_replica_context().all_reduce("SUM", tf.constant(2.0)))
    assert float(results[0]) == 2.0
    assert events.log.failures == ()


def test_a_hook_that_fails_is_counted(mirrored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets its result, and the failure names what was hooked."""

    def failing() -> int:
        raise RuntimeError("no number")

    monkeypatch.setattr(hooks, "replica_number", failing)
    events, results = Events(), []

    def step() -> Any:
        return tf.distribute.get_replica_context().all_reduce("SUM", tf.constant(2.0))

    with watching(events):
        results.append(mirrored.run(step))
    values = mirrored.experimental_local_results(results[0])
    assert [float(each) for each in values] == [4.0, 4.0]
    (failure,) = events.log.failures
    assert failure == WatchFailure(
        "the hook of ReplicaContext.all_reduce", "RuntimeError: no number", 2
    )


def test_a_watcher_that_fails_is_in_what_was_observed(
    mirrored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All else is observed as before."""

    def failing(*_: Any) -> None:
        raise KeyError("collective")

    monkeypatch.setattr(Collectives, "add", failing)

    def program() -> None:
        with mirrored.scope():
            weight = tf.Variable(0.0, aggregation=tf.VariableAggregation.SUM)
        for _ in range(2):
            mirrored.run(lambda: weight.assign_add(tf.constant(1.0)))

    with seen_here() as observations:
        program()
    found = observations()
    assert found.failures == (WatchFailure("collectives", "KeyError: 'collective'", 2),)
    assert (found.steps, found.births[0].copies) == (2, (4.0, 4.0))


def test_messages_of_tensorflow_do_not_name_the_hooks(mirrored: Any) -> None:
    """A message names the caller of a hooked method, and its traceback has no frame of ours."""
    with watching(Events()):
        with mirrored.scope():
            weight = tf.Variable(1.0)
        compiled = tf.function(lambda: weight + 1.0, jit_compile=True)
        with pytest.raises(tf.errors.InvalidArgumentError, match="defined @") as raised:
            mirrored.run(compiled)
    assert f"(defined @ {__file__}:" in str(raised.value)


def test_messages_leave_files_out_of_the_stacks_of_operations(mirrored: Any) -> None:
    """The stack of a failed operation is without these files, in the threads of replicas, too."""

    def step(value: Any) -> Any:
        return tf.debugging.check_numerics(value / 0.0, "an infinite value")

    def message() -> str:
        # TensorFlow knows the stacks of functions with a name.
        def train(value: Any) -> Any:
            return mirrored.run(step, (value,))

        with pytest.raises(tf.errors.InvalidArgumentError) as raised:
            tf.function(train, autograph=False)(tf.constant(1.0))
        return str(raised.value)

    assert __file__ in message()
    with leaving_out_frames(frozenset([__file__])):
        assert "Detected at node" in message()
        assert __file__ not in message()
    assert __file__ in message()
