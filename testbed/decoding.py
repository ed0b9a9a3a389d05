"""Decodes JSON types into dataclasses, by the declared types of their fields, and checks them."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from itertools import repeat
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

Kind = TypeVar("Kind")
_Decode = Callable[[Any], Any]

_LONGEST_MESSAGE = 200


class InvalidDataError(ValueError):
    """Data that does not fit its type; the message names the place in the data and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = ""
        """Its place within the decoded data, like `.cases[0].seconds`."""

    def __str__(self) -> str:
        text = f"data{self.place} {self.reason}"
        return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 3]}..."


def decoded(kind: type[Kind], data: Any) -> Kind:
    """Rebuild a dataclass from its form after `dataclasses.asdict` and JSON.

    Every field must be there, except those of a type with `Later`. A dataclass with a field
    `version` is decoded only from the version that is the default of this field.

    Raises:
        InvalidDataError: a field is missing or unknown, or its value does not fit its type.
    """
    hint: Any = kind
    found: Kind = _decoder(hint)(data)
    return found


# Conditions on a value, which stand in its type: `Annotated[int, Range(0, 9)]`.


@dataclass(frozen=True)
class Range:
    """The least and the greatest valid number."""

    least: float
    greatest: float


@dataclass(frozen=True)
class OneOf:
    """A closed list of valid values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Matches:
    """A regular expression that matches somewhere in the text."""

    pattern: str


@dataclass(frozen=True)
class AtLeast:
    """The least number of items."""

    items: int


@dataclass(frozen=True)
class Key:
    """A valid key of a mapping, with the type and the meaning of its value."""

    name: str
    kind: Any
    description: str


@dataclass(frozen=True)
class Keys:
    """The closed list of a mapping's keys, each of which may be missing."""

    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Later:
    """Marks a field that older data of the same version does not have."""


Seconds = Annotated[float, Range(0, 10**9)]
"""A duration."""
Moment = Annotated[float, Range(-(10**9), 10**9)]
"""Seconds after an event; negative before it."""
Count = Annotated[int, Range(0, 10**9)]
WorkerIndex = Annotated[int, Range(0, 10**5)]
ProcessCount = Annotated[int, Range(1, 10**5)]
"""The number of workers of a cluster, or of devices of a worker."""


@cache
def _decoder(kind: Any) -> _Decode:
    """The function that decodes values of a type.

    Raises:
        TypeError: JSON has no such type.
    """
    build = _BUILDERS.get(get_origin(kind))
    if build:
        return build(*get_args(kind))
    if kind in _SCALARS:
        return _scalar(kind, *_SCALARS[kind])
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(_decode_dataclass, kind)
    if kind is Any:
        return lambda value: value
    raise TypeError(f"{kind} cannot be decoded from JSON")


_SCALARS: dict[Any, tuple[str, tuple[type, ...]]] = {
    str: ("string", (str,)),
    bool: ("boolean", (bool,)),
    int: ("integer", (int,)),
    float: ("number", (int, float)),
}


def _scalar(kind: Any, name: str, accepted: tuple[type, ...]) -> _Decode:
    # In Python a bool is an int, in JSON it is not.
    other: tuple[type, ...] = () if kind is bool else (bool,)

    def check(value: Any) -> Any:
        if not isinstance(value, accepted) or isinstance(value, other):
            raise InvalidDataError(f"must be {name}")
        return value

    return check


def _decode_dataclass(kind: Any, data: Any) -> Any:
    _require_object(data)
    known = getattr(kind, "version", None)
    if isinstance(known, int) and data.get("version") != known:
        raise InvalidDataError(f"is version {data.get('version')!s:.20}, not {known}")
    decoders, required = _fields_of(kind)
    missing = [name for name in required if name not in data]
    if missing:
        raise InvalidDataError(f"must contain {missing} properties")
    return kind(**_decode_items(decoders, data))


@cache
def _fields_of(kind: Any) -> tuple[dict[str, _Decode], list[str]]:
    """The decoders of a dataclass's fields, and the names of the required fields."""
    hints = get_type_hints(kind, include_extras=True)
    kinds = {field.name: hints[field.name] for field in fields(kind)}
    decoders = {name: _decoder(each) for name, each in kinds.items()}
    return decoders, [name for name, each in kinds.items() if Later() not in get_args(each)]


def _decode_items(decoders: Mapping[str, _Decode], data: Any) -> dict[str, Any]:
    _require_object(data)
    unknown = [name for name in data if name not in decoders]
    if unknown:
        raise InvalidDataError(f"must not contain {{{', '.join(map(repr, unknown))}}} properties")
    return _decode_values(map(decoders.__getitem__, data), data)


def _require_object(data: Any) -> None:
    if not isinstance(data, dict):
        raise InvalidDataError("must be object")


def _decode_values(decoders: Iterable[_Decode], data: Mapping[str, Any]) -> dict[str, Any]:
    found = _decode_parts(decoders, data.values(), ".{}", list(data))
    return dict(zip(data, found, strict=True))


def _decode_parts(
    decoders: Iterable[_Decode], values: Iterable[Any], step: str, keys: Sequence[Any]
) -> list[Any]:
    """Decode the parts of a value; `step`, formatted with a key, leads to a part from the whole."""
    found: list[Any] = []
    try:
        for decode, value in zip(decoders, values, strict=False):
            found.append(decode(value))
    except InvalidDataError as problem:
        problem.place = step.format(keys[len(found)]) + problem.place
        raise
    return found


def _annotated(kind: Any, *conditions: Any) -> _Decode:
    keys = next((each.keys for each in conditions if isinstance(each, Keys)), None)
    decode = _decoder(kind) if keys is None else _known_keys(keys)

    def decode_and_check(value: Any) -> Any:
        value = decode(value)
        for each in conditions:
            _check(each, value)
        return value

    return decode_and_check


def _check(condition: Any, value: Any) -> None:
    match condition:
        # In this form, NaN is rejected, too.
        case Range(least, _) if not value >= least:
            raise InvalidDataError(f"must be bigger than or equal to {least}")
        case Range(_, greatest) if not value <= greatest:
            raise InvalidDataError(f"must be smaller than or equal to {greatest}")
        case OneOf(values) if value not in values:
            raise InvalidDataError(f"must be one of {list(values)}")
        case Matches(pattern) if not re.search(pattern, value):
            raise InvalidDataError(f"must match pattern {pattern}")
        case AtLeast(items) if len(value) < items:
            raise InvalidDataError(f"must contain at least {items} items")


def _known_keys(keys: tuple[Key, ...]) -> _Decode:
    decoders = {each.name: _decoder(each.kind) for each in keys}
    return lambda data: _decode_items(decoders, data)


def _literal(*values: Any) -> _Decode:
    return _annotated(type(values[0]), OneOf(values))


def _union(*kinds: Any) -> _Decode:
    *others, last = [_decoder(each) for each in kinds if each is not types.NoneType]
    optional = types.NoneType in kinds

    def decode(value: Any) -> Any:
        if value is None and optional:
            return None
        for other in others:
            try:
                return other(value)
            except InvalidDataError:
                continue
        try:
            return last(value)
        except InvalidDataError as problem:
            if optional and not problem.place:
                problem.reason += " or null"
            raise

    return decode


def _tuple(*kinds: Any) -> _Decode:
    if kinds[-1] is Ellipsis:
        decode_list = _list(kinds[0])
        return lambda value: tuple(decode_list(value))
    decoders = [_decoder(each) for each in kinds]

    def decode(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(decoders):
            raise InvalidDataError(f"must be array of {len(decoders)} items")
        return tuple(_decode_parts(decoders, value, "[{}]", range(len(value))))

    return decode


def _list(kind: Any) -> _Decode:
    decode = _decoder(kind)

    def decode_all(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise InvalidDataError("must be array")
        return _decode_parts(repeat(decode), value, "[{}]", range(len(value)))

    return decode_all


def _mapping(_: Any, kind: Any) -> _Decode:
    decode = _decoder(kind)

    def decode_all(value: Any) -> Any:
        _require_object(value)
        return _decode_values(repeat(decode), value)

    return decode_all


_BUILDERS: dict[Any, Callable[..., _Decode]] = {
    Annotated: _annotated,
    Literal: _literal,
    Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    list: _list,
    dict: _mapping,
}
"""What builds the decoder of a generic type from its parameters."""
