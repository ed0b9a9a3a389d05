"""Names, attributes and random numbers that the code of a function reads."""

from __future__ import annotations

import random
from typing import Any

import numpy
import tensorflow as tf

from testbed.worker.watching.python_state.object_graph import CLOSURE, Spot
from testbed.worker.watching.traces.bytecode_reads import Name, bytecode_reads_of, codes_in, name_of
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)

RATE = 1.0
TABLE = numpy.zeros(3)


class Optimizer:
    momentum = 0.9

    def __init__(self) -> None:
        self.rate = 0.1

    def step(self) -> float:
        return self.rate * self.momentum  # at: attributes

    @property
    def never(self) -> float:
        raise AssertionError("a property must not run")


def helper() -> float:
    return RATE  # at: global


def test_a_global_that_a_called_function_reads() -> None:
    """What a function calls of the author's is followed."""

    def step() -> float:
        return helper()

    found = bytecode_reads_of(step)
    assert HERE.name(found.place(Name("RATE", __file__), set())) == "global"


def test_lines_can_be_left_out() -> None:
    """Of a name that is only read there no place is left."""

    def step() -> float:
        return RATE

    found = bytecode_reads_of(step)
    name = Name("RATE", __file__)
    place = found.place(name, set())
    assert place is not None
    assert found.place(name, {(place.file, place.line)}) is None
    assert found.place(Name("OTHER", __file__), set()) is None


def test_attributes_of_a_known_object_have_their_owner() -> None:
    """That of the object itself, or of its class; a property does not run."""
    optimizer = Optimizer()
    found = bytecode_reads_of(optimizer.step)
    own, shared = Name("rate", "", id(optimizer)), Name("momentum", "", id(Optimizer))
    assert {own, shared} <= set(found.names)
    assert HERE.name(found.place(own, set())) == "attributes"

    def reads_property() -> Any:
        return optimizer.never, optimizer.step()

    assert own in bytecode_reads_of(reads_property).names


def test_an_attribute_of_an_unknown_object() -> None:
    """The object of an argument is not known before the function runs."""

    def step(anything: Any) -> Any:
        return anything.rate

    assert Name("rate", "", None) in bytecode_reads_of(step).names


def test_a_closure_s_value() -> None:
    """It belongs to the function that reads it."""
    rate = 0.5

    def step() -> float:
        return rate

    assert Name("rate", __file__, CLOSURE) in bytecode_reads_of(step).names


def test_a_shape_is_no_content() -> None:
    """An array of which only the shape or the length is read is not read itself."""

    def shape() -> Any:
        return TABLE.shape, len(TABLE)

    def content() -> Any:
        return TABLE + 1

    table = Name("TABLE", __file__)
    assert table in bytecode_reads_of(shape).names
    assert table not in bytecode_reads_of(shape).contents
    assert table in bytecode_reads_of(content).contents


def test_draws_from_shared_streams() -> None:
    """Of NumPy and of Python, at their lines; to seed them is no draw."""

    def step() -> Any:
        numpy.random.seed(1)
        random.seed(1)
        numpy.random.normal()  # at: numpy
        return random.random()  # at: python

    found = bytecode_reads_of(step)
    assert {name: HERE.name(found.place_of_draw(name, set())) for name in found.draws} == {
        "numpy.random.normal": "numpy",
        "random.random": "python",
    }


def test_library_code_is_not_followed() -> None:
    """What NumPy reads is its own."""

    def step() -> Any:
        return numpy.mean([1.0])

    files = {
        place.file for codes in bytecode_reads_of(step).names.values() for place in codes.values()
    }
    assert files == {__file__}


TOTAL: Any = None


def test_variables_of_modules_are_not_read(mirrored: Any) -> None:
    """Looking through a function adds up no copies: the program has not read the sum."""

    def program() -> None:
        global TOTAL
        with mirrored.scope():
            TOTAL = tf.Variable(
                1.0,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            )

        def step() -> None:
            TOTAL.assign_add(1.0)

        train = tf.function(lambda: mirrored.run(step))
        train()
        train()

    found = observed(program)
    assert found.collectives == ()
    own = next(each.number for each in found.births if each.distributed)
    assert [each for each in found.accesses if each.variable == own and not each.writes] == []


def test_names_of_spots_and_codes_within_a_code() -> None:
    """An attribute is read by its last part; inner functions have codes of their own."""
    assert name_of(Spot("RATE", __file__)) == Name("RATE", __file__, 0)
    assert name_of(Spot("self.inner.rate", __file__, 7)) == Name("rate", "", 7)

    def outer() -> Any:
        return lambda: 1

    assert [code.co_name for code in codes_in(outer.__code__)] == ["outer", "<lambda>"]
