"""PythonState that tf.py_function changes in a compiled step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


class Log:
    def __init__(self) -> None:
        self.rows: list[float] = []
        self.count = 0
        self.lambdas: list[float] = []
        self.once: list[float] = []

    def note(self, value: Any) -> None:
        self.rows.append(float(value))  # at: append
        self.count += 1  # at: count


def test_a_call_in_each_replica_changes_state_in_every_step(mirrored: Any) -> None:
    """The second step, which is not traced, shows what one step changes."""
    log = Log()

    def replica() -> None:
        tf.py_function(log.note, [tf.constant(1.0)], [])

    def program() -> None:
        step = tf.function(lambda: (log.rows, mirrored.run(replica))[1])
        for _ in range(3):
            step()

    changes = {each.name.rpartition(".")[2]: each for each in observed(program).changes}
    assert set(changes) == {"rows", "count"}
    rows, count = changes["rows"], changes["count"]
    assert (rows.kind, rows.before, rows.after, HERE.name(rows.place)) == ("list", 2, 4, "append")
    assert (count.kind, count.before, count.after) == ("number", 2, 4)
    assert HERE.name(count.place) == "count"


def test_a_lambda_that_appends(mirrored: Any) -> None:
    """It has no statement of its own, so its line is found in its instructions."""
    log = Log()

    def replica() -> None:
        tf.py_function(lambda value: log.lambdas.append(float(value)), [1.0], [])  # at: lambda

    def program() -> None:
        step = tf.function(lambda: (log.rows, mirrored.run(replica))[1])
        for _ in range(2):
            step()

    (change,) = observed(program).changes
    assert (change.kind, change.before, change.after) == ("list", 2, 4)
    assert HERE.name(change.place) == "lambda"


def test_a_call_outside_of_replicas_happens_once_a_step() -> None:
    """It is not repeated by replicas, and so is no change."""
    log = Log()

    def note(value: Any) -> None:
        log.once.append(float(value))

    def program() -> None:
        step = tf.function(lambda: tf.py_function(note, [tf.constant(1.0)], []) and None)
        for _ in range(3):
            step()

    assert observed(program).changes == ()
    assert len(log.once) == 3
