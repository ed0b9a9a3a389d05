"""Values that pass between processes as JSON."""

from __future__ import annotations

import collections
import enum
import json
import math
import subprocess
import sys
from typing import Any

import ml_dtypes
import numpy
import pytest

from testbed.verdict.values import NoValueError, decode, encode


class Level(enum.IntEnum):
    LOW = 1


class Held:
    """Stands for a tensor or a variable: it has `numpy()`, and is no array."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def numpy(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


Point = collections.namedtuple("Point", "x")


def passed(value: Any) -> Any:
    """A value after it went through strict JSON."""
    return decode(json.loads(json.dumps(encode(value, "value"), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        0.1,
        -0.0,
        5e-324,
        math.inf,
        -math.inf,
        "",
        "ä\0\n\U0001f600 \u2028",
        "\udcff.txt",
        "\\ud800",
        b"\0\xff",
        [],
        (),
        {},
        [(), [()], ((1, 2), [3])],
        {"loss": [0.5], "": {"a": (None,)}, "\udcff": 1},
        {"dict": []},
        {"tuple": [1]},
        {"array": {"dtype": "<f4", "shape": [], "bytes": ""}},
        {"float": "nan"},
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_plain_values_arrive_as_they_were(value: Any) -> None:
    """Value and type are the same on the other side, whatever a dict's keys look like."""
    found = passed(value)
    assert repr(found) == repr(value)
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "number", [2**63, -(2**64), 10**5000, -(10**5000)], ids=["a", "b", "c", "d"]
)
def test_integers_may_be_longer_than_json_has_them(number: int) -> None:
    """A long integer arrives to its last digit, where Python would not even print it."""
    assert passed([number]) == [number]


def test_nan_is_nan() -> None:
    """The one float that does not equal itself."""
    assert math.isnan(passed([float("nan")])[0])


@pytest.mark.parametrize(
    "array",
    [
        numpy.arange(6, dtype="float32").reshape(2, 3),
        numpy.arange(6).reshape(2, 3).T,
        numpy.arange(10)[::-2],
        numpy.zeros((0,)),
        numpy.zeros((3, 0, 2), "int8"),
        numpy.array(7.5),
        numpy.array([True, False]),
        numpy.array([1 + 2j], "complex64"),
        numpy.array(["a", "lang\U0001f600"]),
        numpy.array([b"a\0b"]),
        numpy.array(["2026-01-01"], "datetime64[D]"),
        numpy.arange(3, dtype=">i4"),
        numpy.array([numpy.nan, numpy.inf], "float16"),
        numpy.array([1.5, -2.0], ml_dtypes.bfloat16),
        numpy.array([1.5], ml_dtypes.float8_e4m3fn),
        numpy.array([1, -3], ml_dtypes.int4),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_arrive_as_they_were(array: Any) -> None:
    """Class, dtype, shape and every value are the same, and the array may be written to."""
    found = passed(array)
    assert type(found) is numpy.ndarray
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable


@pytest.mark.parametrize(
    "scalar",
    [numpy.float64(1.5), numpy.int8(-3), numpy.bool_(True), numpy.str_("a"), ml_dtypes.bfloat16(2)],
    ids=lambda scalar: type(scalar).__name__,
)
def test_scalars_stay_scalars(scalar: Any) -> None:
    """A NumPy scalar is neither an array nor a number of Python on the other side."""
    found = passed([scalar])[0]
    assert type(found) is type(scalar)
    assert found == scalar


@pytest.mark.parametrize(
    ("held", "expected"),
    [(numpy.float32(2.5), numpy.float32(2.5)), (numpy.ones(2), numpy.ones(2)), (b"text", b"text")],
    ids=["scalar", "array", "string"],
)
def test_tensors_arrive_as_what_they_hold(held: Any, expected: Any) -> None:
    """What has `numpy()` is read by it."""
    found = passed({"loss": Held(held)})["loss"]
    assert type(found) is type(expected)
    assert numpy.array_equal(found, expected)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (object(), "value is of type object; valid are None"),
        ({"a": [1, {2}]}, 'value["a"][1] is of type set;'),
        ({"a\n\udcff": {2}}, 'value["a\\n\\udcff"] is of type set;'),
        ((1, Point(2)), "value[1] is of type tests Point;"),
        ([collections.OrderedDict(a=1)], "value[0] is of type collections OrderedDict;"),
        (Level.LOW, "value is of type tests Level;"),
        ({1: 2}, "value has a key of type int; keys are str"),
        ({"a": {(1, 2): 3}}, 'value["a"] has a key of type tuple; keys are str'),
        (numpy.array([object()]), "value is an array of dtype object"),
        (numpy.zeros(2, [("x", "f4")]), "value is an array of dtype [('x', '<f4')]"),
        (numpy.ma.masked_array([1], [True]), "value is of type numpy MaskedArray;"),
        (numpy.dtype("f4"), "value is of type numpy Float32DType;"),
        (numpy.ndarray, "value is of type type;"),
        (Held(ValueError("no\neager")), "Held, whose value cannot be read: ValueError: no"),
        (Held([1]), "value is of type tests Held;"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_cannot_be_passed_is_named(value: Any, told: str) -> None:
    """The error says in one line what it is, where it is, and what is valid."""
    with pytest.raises(NoValueError) as raised:
        encode(value, "value")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_holds_itself_is_refused() -> None:
    """A list that is its own item ends in an error of ours, as does one that is nested for fun."""
    own: list[Any] = []
    own.append(own)
    deep: Any = 1
    for _ in range(50_000):
        deep = (deep,)
    for value in (own, deep):
        with pytest.raises(NoValueError, match="nested too deep, or holds itself"):
            encode(value, "value")
    allowed: Any = 1
    for _ in range(100):
        allowed = {"a": allowed}
    assert passed(allowed) == allowed


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1, "b": 2},
        {"unknown": 1},
        {"tuple": 1},
        {"array": {"dtype": "<f4", "shape": [2], "bytes": "AAAA"}},
        # NumPy would take these bytes for an address.
        {"array": {"dtype": "O", "shape": [1], "bytes": "AAAAAAAAAAA="}},
    ],
)
def test_damaged_data_raises(data: Any) -> None:
    """What `encode` did not make is no value."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(data)


def test_numpy_is_loaded_only_for_arrays() -> None:
    """Plain values, and those that are refused, pass without an import of NumPy."""
    code = (
        "import sys; from testbed.verdict.values import *\n"
        "decode(encode({'a': (1, 'b', [None, 0.5])}, 'args'))\n"
        "try: encode(object(), 'args')\n"
        "except NoValueError: pass\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
