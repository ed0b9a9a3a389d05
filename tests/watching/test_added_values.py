"""What assignments add: whether it is the same each time, and comes from the variable itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.check.observations.operations import ADDING, ASSIGNING, SAME
from testbed.check.observations.seen import Access
from tests.watching.observing import observed

ADD, SUBTRACT = ADDING


def writes_of(step: Callable[[Any], Any], *, traced: bool) -> list[Access]:
    """The writes of a step that gets a variable of 3.0 and is called twice; no initial value."""

    def program() -> None:
        variable = tf.Variable(3.0)
        call = tf.function(step) if traced else step
        for _ in range(2):
            call(variable)

    return [
        each
        for each in observed(program).accesses
        if each.writes and each.place and (each.place.function != "program")
    ]


def test_a_constant_that_is_added_is_known() -> None:
    """Added or subtracted eagerly or in a trace, a constant is kept as the delta."""
    for traced in (False, True):
        (added,) = writes_of(lambda variable: variable.assign_add(0.5), traced=traced)
        assert (added.operation, added.delta) == (ADD, 0.5)
        (taken,) = writes_of(lambda variable: variable.assign_sub(0.5), traced=traced)
        assert (taken.operation, taken.delta) == (SUBTRACT, 0.5)


def test_assigning_a_sum_is_adding() -> None:
    """`v.assign(v + 2)` is observed as an addition of 2; `v.assign(2 - v)` is not."""
    for traced in (False, True):
        (added,) = writes_of(lambda variable: variable.assign(variable + 2.0), traced=traced)
        assert (added.operation, added.delta) == (ADD, 2.0)
        (taken,) = writes_of(lambda variable: variable.assign(variable - 2.0), traced=traced)
        assert (taken.operation, taken.delta) == (SUBTRACT, 2.0)
        (turned,) = writes_of(lambda variable: variable.assign(2.0 - variable), traced=traced)
        assert (turned.operation, turned.delta) == (ASSIGNING, None)


def test_the_sum_of_another_variable_is_no_addition() -> None:
    """A value that is another variable's plus a constant is assigned, not added."""
    other = tf.Variable(1.0)
    for traced in (False, True):
        (write,) = writes_of(lambda variable: variable.assign(other + 2.0), traced=traced)
        assert (write.operation, write.delta) == (ASSIGNING, None)


def test_different_constants_have_no_delta() -> None:
    """A line that adds something else each time adds nothing that is known."""
    numbers = iter((1.0, 2.0))
    (write,) = writes_of(lambda variable: variable.assign_add(next(numbers)), traced=False)
    assert (write.count, write.delta) == (2, None)


def test_what_a_trace_computes_from_constants_is_the_same_each_time() -> None:
    """Its value is not known, but that it depends on no data is."""
    (write,) = writes_of(
        lambda variable: variable.assign_add(tf.sin(tf.range(3.0))[1]), traced=True
    )
    assert write.delta == SAME


def test_random_numbers_are_not_the_same_each_time() -> None:
    """A trace that adds a random number has no delta."""
    (write,) = writes_of(lambda variable: variable.assign_add(tf.random.uniform(())), traced=True)
    assert write.delta is None


def test_an_addition_that_is_computed_from_the_variable_itself() -> None:
    """A decay comes from the variable's own value, a constant step does not."""
    (decay,) = writes_of(lambda variable: variable.assign_sub(variable * 0.1), traced=True)
    (constant,) = writes_of(lambda variable: variable.assign_sub(0.1), traced=True)
    (eager,) = writes_of(lambda variable: variable.assign_sub(variable * 0.1), traced=False)
    assert (decay.own, constant.own, eager.own) == (True, False, None)
