"""Whose code a file is, and where the author's code is now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import testbed
from testbed.worker.probes import leaving_out_frames
from testbed.worker.watching.stack import (
    AuthorPlace,
    author_lines,
    author_place,
    is_authors,
    is_ours,
)
from tests.watching.observing import Lines, observed

HERE = Lines(__file__)
PACKAGE = Path(testbed.__file__).resolve().parent

ADD = "AssignAddVariableOp"
LIBRARY = "/usr/site-packages/library/core.py"


def calling(file: str) -> Any:
    """A function of a file that calls what it is given."""
    names: dict[str, Any] = {}
    exec(compile("def call(function):\n    return function()\n", file, "exec"), names)
    return names["call"]


@pytest.mark.parametrize(
    ("file", "authors"),
    [
        (__file__, True),
        ("/home/somebody/train.py", True),
        (f"{PACKAGE}-demo/train.py", True),
        (f"{PACKAGE}/bootstrap.py", False),
        (LIBRARY, False),
        ("/usr/lib/python3/dist-packages/library.py", False),
        ("/usr/lib/python3.11/threading.py", False),
        (tf.__file__, False),
        (pytest.__file__, False),
        ("<frozen runpy>", False),
        ("/tmp/__autograph_generated_file0.py", False),
        ("h5py/h5f.pyx", False),
    ],
)
def test_whose_file_it_is(file: str, *, authors: bool) -> None:
    """Libraries, Python, the testbed and generated code are not the author's."""
    assert is_authors(file) is authors


def test_the_testbed_s_own_files() -> None:
    """A folder whose name begins alike is none of them."""
    assert is_ours(f"{PACKAGE}/bootstrap.py")
    assert not is_ours(f"{PACKAGE}-demo/train.py")
    assert not is_ours(__file__)


def test_the_author_s_line_and_what_it_has_called() -> None:
    """Libraries between it and here are named, without TensorFlow."""
    here = author_place()  # at: own
    assert HERE.name(here.place) == "own"
    assert (here.libraries, here.function) == ((), "")
    called = calling(LIBRARY)(author_place)  # at: library
    assert HERE.name(called.place) == "library"
    assert (called.libraries, called.function) == (("library/core.py",), "library/core.py:call")
    called = calling("/usr/site-packages/tensorflow/python/core.py")(author_place)
    assert (called.libraries, called.function) == ((), "")


def test_the_author_s_lines_from_the_outermost() -> None:
    """The innermost is the last; libraries in between are left out."""

    def inner() -> Any:
        return author_lines()  # at: inner

    lines = calling(LIBRARY)(inner)  # at: outer
    assert [HERE.name(line) for line in lines[-2:]] == ["outer", "inner"]


def test_generated_code_has_the_line_of_its_author(mirrored: Any) -> None:
    """A line in a loop that AutoGraph converts, in a replica's thread."""

    def replica(count: Any) -> Any:
        total = tf.constant(0.0)
        while count > 0:
            count -= 1
            total += counters[0].assign_add(1.0)  # at: loop
        return total

    def program() -> None:
        counters.append(tf.Variable(0.0))
        tf.function(lambda: mirrored.run(replica, (tf.constant(2),)))()

    counters: list[Any] = []
    adds = [each for each in observed(program).accesses if each.operation == ADD]
    assert [(each.who, HERE.name(each.place)) for each in adds] == [
        ("replica 0", "loop"),
        ("replica 1", "loop"),
    ]
    assert {each.place.function for each in adds if each.place} == {"replica"}


def test_a_lambda_that_is_converted_has_a_function_without_a_name() -> None:
    """AutoGraph knows no name of a lambda; a report with None for it could not be read."""

    def program() -> None:
        total.append(tf.Variable(0.0))
        tf.function(lambda: total[0].assign_add(1.0))()  # at: lambda

    total: list[Any] = []
    (add,) = [each for each in observed(program).accesses if each.operation == ADD]
    assert HERE.name(add.place) == "lambda"
    assert add.place
    assert add.place.function in ("", "<lambda>")


def test_an_error_in_a_trace_tells_nothing_of_the_testbed(mirrored: Any) -> None:
    """AutoGraph writes the stack into the message, and the hooks are no part of the program."""

    def replica() -> None:
        raise ValueError("of the program")

    messages: list[str] = []

    def program() -> None:
        with pytest.raises(ValueError, match="of the program") as raised:
            tf.function(lambda: mirrored.run(replica))()
        messages.append(str(raised.value))

    observed(program)
    assert __file__ in messages[0]
    assert str(PACKAGE) not in messages[0].replace(__file__, "")


def test_a_line_that_calls_us_directly() -> None:
    """It is named, and not its caller's, also where our frames are left out of all stacks."""
    files = frozenset(map(str, PACKAGE.rglob("*.py")))

    def line() -> AuthorPlace:
        return author_place()  # at: direct

    with leaving_out_frames(files):
        assert HERE.name(line().place) == "direct"
