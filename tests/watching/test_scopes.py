"""A strategy's scope holds for one thread only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tests.watching.observing import Lines, observed

HERE = Lines(__file__)


def in_thread(call: Callable[[], object]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_a_variable_in_a_thread_without_the_scope(mirrored: Any) -> None:
    """The line that has entered the scope in the other thread is kept."""
    kept: list[Any] = []

    def create() -> None:
        kept.append(tf.Variable(0.0))

    def program() -> None:
        with mirrored.scope():  # at: scope
            in_thread(create)

    (birth,) = observed(program).births
    assert (birth.in_scope, HERE.name(birth.other_scope)) == (False, "scope")


def test_the_thread_that_enters_the_scope_is_in_it(mirrored: Any) -> None:
    """A variable there has no other scope, nor has one after the scope is left."""
    kept: list[Any] = []

    def create() -> None:
        with mirrored.scope():
            kept.append(tf.Variable(0.0))

    def program() -> None:
        in_thread(create)
        with mirrored.scope():
            pass
        in_thread(lambda: kept.append(tf.Variable(1.0)))

    births = observed(program).births
    assert [(each.in_scope, each.other_scope) for each in births] == [(True, None), (False, None)]


def test_a_scope_that_this_thread_is_in_says_nothing(mirrored: Any) -> None:
    """Only other threads' scopes are elsewhere."""
    kept: list[Any] = []

    def program() -> None:
        with mirrored.scope():
            kept.append(tf.Variable(0.0))
        kept.append(tf.Variable(0.0))

    assert [each.other_scope for each in observed(program).births] == [None, None]
