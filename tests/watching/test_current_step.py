"""The current step of a worker, and who is at work."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.watching.together.current_step import CurrentStep
from tests.watching.observing import observed


def test_runs_and_outermost_functions_are_steps(mirrored: Any) -> None:
    """What goes on within a tf.function is a part of its step."""

    def program() -> None:
        for _ in range(3):
            mirrored.run(lambda: None)
        step = tf.function(lambda: mirrored.run(lambda: tf.constant(1)))
        step()
        step()

    assert observed(program).steps == 5
    assert observed(lambda: None).steps == 0


def test_a_tf_function_within_a_replica_is_no_step_of_its_own(mirrored: Any) -> None:
    """The run has begun the step."""
    inner = tf.function(lambda: tf.constant(1.0))
    assert observed(lambda: mirrored.run(inner)).steps == 1


def test_a_run_that_raises_ends(mirrored: Any) -> None:
    """The next one is a step again."""

    def failing() -> None:
        raise ValueError("of the program")

    def program() -> None:
        with pytest.raises(ValueError, match="of the program"):
            mirrored.run(failing)
        mirrored.run(lambda: None)

    assert observed(program).steps == 2


def test_depth_and_replica_function_of_nested_runs() -> None:
    """The outermost function stays the one of the step."""
    now = CurrentStep()
    outer, inner = (lambda: None), (lambda: 1)
    now.begins_step()
    now.run_begins(None, outer)
    now.begins_step()
    now.run_begins(None, inner)
    assert (now.steps, now.depth, now.replica_function) == (1, 2, outer)
    assert not now.is_step
    now.run_ends(None, inner)
    now.run_ends(None, outer)
    assert (now.depth, now.is_step, now.in_function_or_run) == (0, True, False)
    now.function_begins()
    assert (now.in_function_or_run, now.is_step) == (True, True)
    now.function_ends()
    assert not now.in_function_or_run


def test_who_is_at_work(mirrored: Any) -> None:
    """A replica by its number, all of them merged, or what is outside of a run."""
    now = CurrentStep()
    found: list[tuple[str, int | None]] = []

    def merged(_: Any) -> None:
        found.append((now.actor(), now.replica()))

    def step() -> None:
        found.append((now.actor(), now.replica()))
        tf.distribute.get_replica_context().merge_call(merged)

    found.append((now.actor(), now.replica()))
    now.run_begins(mirrored, step)
    mirrored.run(step)
    now.run_ends()
    assert found == [("outside", None), ("replica 0", 0), ("replica 1", 1), ("merged", None)]
