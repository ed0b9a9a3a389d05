"""Encodes values as JSON for other processes: they arrive unchanged, or are rejected.

Numbers, texts, true, false, null and lists stand for themselves. Every JSON object has one tag as
its only key, so that no dict of the user can be taken for a tagged value:

    {"dict": [[KEY, VALUE], ...]}   {"tuple": [...]}   {"float": "nan"}   {"int": "0x..."}
    {"bytes": BASE64}   {"text": BASE64, where it holds half a surrogate pair}
    {"array": {"dtype": "<f4", "shape": [2, 3], "bytes": BASE64}}   {"scalar": the same}
"""

from __future__ import annotations

import base64
import importlib
import json
import math
from collections.abc import Callable
from typing import Any

VALID = (
    "None, bool, int, float, str, bytes, NumPy arrays and scalars, tensors and variables (which"
    " arrive as NumPy values), and lists, tuples and dicts with str keys of these"
)

# Deeper than any real data, and far from Python's recursion limit.
DEEPEST = 100

# Many JSON readers do not read longer integers as numbers, and Python rejects the longest ones.
_PLAIN_BITS = 63

_ML_DTYPES = "ml_dtypes"
"""The package of bfloat16 and similar dtypes, which NumPy itself does not know."""


class NoValueError(Exception):
    """A value cannot be encoded; the message names its type, its place and the valid types."""


def encode(value: Any, where: str) -> Any:
    """Encode a value as JSON types.

    Args:
        value: a value of the types that `VALID` lists.
        where: the name of the value in messages, like `result`; items are named after it, like
            `result["loss"][0]`.

    Raises:
        NoValueError: it is of another type, or holds a value of another type.
    """
    return _encode(value, where, 0)


def decode(data: Any) -> Any:
    """Decode a value from the JSON types that `encode` gave.

    Raises:
        Exception: of any kind, where `encode` did not give them.
    """
    if isinstance(data, list):
        return [decode(each) for each in data]
    if not isinstance(data, dict):
        return data
    ((tag, held),) = data.items()
    return _DECODERS[tag](held)


def _encode(value: Any, where: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise NoValueError(f"{where[:60]}... is nested too deep, or holds itself")
    # Exact types: a subclass would arrive as another type.
    kind = type(value)
    if kind in _ENCODERS:
        return _ENCODERS[kind](value)
    if kind is list or kind is tuple:
        items = [_encode(each, f"{where}[{n}]", depth + 1) for n, each in enumerate(value)]
        return items if kind is list else {"tuple": items}
    if kind is dict:
        return {"dict": [_encode_item(key, value[key], where, depth) for key in value]}
    return _encode_array(value, where)


def _encode_item(key: Any, value: Any, where: str, depth: int) -> list[Any]:
    if type(key) is not str:
        raise NoValueError(f"{where} has a key of type {_name(key)}; keys are str")
    inner = f"{where}[{json.dumps(key, ensure_ascii=not key.isprintable())}]"
    return [_encode_text(key), _encode(value, inner, depth + 1)]


def _encode_text(text: str) -> Any:
    # File names may hold bytes that are not text, and JSON cannot hold those.
    if text.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return {"text": _base64(text.encode("utf-8", "surrogatepass"))}


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: None,
    bool: bool,
    int: lambda it: it if it.bit_length() <= _PLAIN_BITS else {"int": hex(it)},
    float: lambda it: it if math.isfinite(it) else {"float": str(it)},
    str: _encode_text,
    bytes: lambda it: {"bytes": _base64(it)},
}


def _encode_array(value: Any, where: str) -> Any:
    given = value
    # An object without a dtype is no array, so NumPy need not be imported to reject it.
    if hasattr(value, "dtype") or hasattr(value, "numpy"):
        import numpy

        if not isinstance(value, (numpy.ndarray, numpy.generic)):
            value = _read(value, where)
        if type(value) is numpy.ndarray or isinstance(value, numpy.generic):
            array = numpy.asarray(value)
            held = {
                "dtype": _encode_dtype(array.dtype, where),
                "shape": list(array.shape),
                "bytes": _base64(array.tobytes()),
            }
            return {"array" if type(value) is numpy.ndarray else "scalar": held}
        if value is not given and type(value) is bytes:
            # The value of a tensor of one string.
            return {"bytes": _base64(value)}
    raise NoValueError(f"{where} is of type {_name(given)}; valid are {VALID}")


def _read(value: Any, where: str) -> Any:
    """The value of a tensor or a variable."""
    if not hasattr(value, "numpy"):
        raise NoValueError(f"{where} is of type {_name(value)}; valid are {VALID}")
    try:
        return value.numpy()
    except Exception as problem:
        # A symbolic tensor has no value, nor has a variable within a replica.
        why = str(problem).splitlines()[:1]
        raise NoValueError(
            f"{where} is of type {_name(value)}, whose value cannot be read:"
            f" {' '.join([type(problem).__name__ + ':', *why])}"
        ) from problem


def _encode_dtype(dtype: Any, where: str) -> str:
    if dtype.kind in "biufcSUMm":
        return str(dtype.str)
    if dtype.type.__module__ == _ML_DTYPES:
        return f"{_ML_DTYPES}.{dtype.name}"
    raise NoValueError(
        f"{where} is an array of dtype {dtype}; valid are numbers, bool, texts, bytes and times"
    )


def _decode_array(held: Any) -> Any:
    import numpy

    package, _, name = held["dtype"].rpartition(".")
    if package:
        dtype = numpy.dtype(getattr(importlib.import_module(_ML_DTYPES), name))
    else:
        dtype = numpy.dtype(name)
    if dtype.hasobject:
        raise ValueError(f"an array of dtype {dtype} holds addresses of another process")
    # A bytearray, because the receiver may write to the array.
    return numpy.ndarray(held["shape"], dtype, buffer=bytearray(_bytes(held["bytes"])))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(held: str) -> bytes:
    return base64.b64decode(held, validate=True)


def _name(value: Any) -> str:
    """The class of a value, as code writes it."""
    kind = type(value)
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__.partition('.')[0]} {kind.__qualname__}"


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "dict": lambda held: {decode(key): decode(value) for key, value in held},
    "tuple": lambda held: tuple(decode(held)),
    "float": float,
    "int": lambda held: int(held, 16),
    "bytes": _bytes,
    "text": lambda held: _bytes(held).decode("utf-8", "surrogatepass"),
    "array": _decode_array,
    "scalar": lambda held: _decode_array(held)[()],
}
