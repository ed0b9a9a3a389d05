"""Variables that a name of TensorFlow 1 gives, and those that it makes instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.ops.variable_scope import EagerVariableStore

from testbed.check.observations.reuse import NotReused
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

v1 = tf.compat.v1


def weight(reuse: Any = None) -> Any:
    """Ask for one variable by name."""
    with v1.variable_scope("layer", reuse=reuse):
        return v1.get_variable("weight", [1], aggregation=tf.VariableAggregation.MEAN)  # at: call


def made_instead(
    program: Callable[[], object],
) -> list[tuple[NotReused, str, str]]:
    """What a program made instead of reusing it, and the names of the lines of both variables."""
    found = observed(program)
    births = {each.number: each for each in found.births}
    return [
        (each, HERE.name(births[each.first].place), HERE.name(births[each.second].place))
        for each in found.not_reused
    ]


def in_scope_of(mirrored: Any, *reuses: Any) -> Callable[[], None]:
    """A program that asks several times in a strategy's scope."""

    def program() -> None:
        with mirrored.scope():
            for reuse in reuses:
                weight(reuse)

    return program


@pytest.mark.parametrize(("reuse", "asked"), [(True, "True"), (v1.AUTO_REUSE, "AUTO_REUSE")])
def test_a_name_that_is_asked_for_again(mirrored: Any, reuse: Any, asked: str) -> None:
    """Each further call makes a variable; they are counted by line."""
    program = in_scope_of(mirrored, None, reuse, reuse)
    ((found, *lines),) = made_instead(program)
    assert (found.asked, found.count, lines) == (f"reuse={asked}", 2, ["call", "call"])


def test_a_name_without_a_strategy() -> None:
    """Nested scopes ask as the outer one does, and so does a scope that is entered again."""

    def program() -> None:
        with v1.variable_scope("outer", reuse=True) as outer, v1.variable_scope("inner"):
            v1.get_variable("w", [1])  # at: first
            v1.get_variable("w", [1])  # at: nested
        with v1.variable_scope(outer), v1.variable_scope("inner", reuse=False):
            v1.get_variable("w", [1])  # at: again

    found = made_instead(program)
    assert [(each.asked, *lines) for each, *lines in found] == [
        ("reuse=True", "first", "nested"),
        ("reuse=True", "first", "again"),
    ]


def test_a_scope_that_is_set_to_reuse() -> None:
    """`reuse_variables` asks for what is made from then on."""

    def program() -> None:
        with v1.variable_scope("layer") as scope:
            v1.get_variable("w", [1])
            v1.get_variable("w", [1])
            scope.reuse_variables()
            v1.get_variable("w", [1])  # at: set

    ((found, _, line),) = made_instead(program)
    assert (found.asked, found.count, line) == ("reuse_variables()", 1, "set")


def test_a_replica_that_makes_a_variable_in_each_step(mirrored: Any) -> None:
    """Both replicas get the variable of the step, so it counts once."""

    def program() -> None:
        for _ in range(3):
            mirrored.run(lambda: weight(v1.AUTO_REUSE))

    ((found, *lines),) = made_instead(program)
    assert (found.count, lines) == (2, ["call", "call"])


def in_store(mirrored: Any) -> None:
    store = EagerVariableStore()
    for _ in range(2):
        with mirrored.scope(), store.as_default():
            weight(True)


def in_graph(mirrored: Any) -> None:
    with tf.Graph().as_default(), mirrored.scope():
        weight()
        weight(True)


def in_other_stores(mirrored: Any) -> None:
    for store in (EagerVariableStore(), EagerVariableStore()):
        with mirrored.scope(), store.as_default():
            weight(v1.AUTO_REUSE)


def in_template(mirrored: Any) -> None:
    template = v1.make_template("template", weight)
    with mirrored.scope():
        template()
        template()


def by_replicas(mirrored: Any) -> None:
    mirrored.run(weight)
    mirrored.run(weight)


def in_other_scopes(mirrored: Any) -> None:
    for name in ("one", "two"):
        with mirrored.scope(), v1.variable_scope(name):
            weight(v1.AUTO_REUSE)


def without_reuse(mirrored: Any) -> None:
    in_scope_of(mirrored, None, False)()


SHARED = (in_store, in_graph, in_other_stores, in_template, by_replicas, in_other_scopes)


@pytest.mark.parametrize("program", [*SHARED, without_reuse], ids=lambda each: str(each.__name__))
def test_names_that_give_what_is_asked_for(program: Callable[[Any], None], mirrored: Any) -> None:
    """Stores and graphs reuse variables; other names, stores and calls ask for other ones."""
    assert made_instead(lambda: program(mirrored)) == []
