"""Decodes JSON types into dataclasses, by the declared types of their fields."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def decoded(kind: type[Kind], data: Mapping[str, Any]) -> Kind:
    """Rebuild a dataclass from its form after `dataclasses.asdict` and JSON.

    Raises:
        TypeError: a field is missing or unknown.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints.get(name, Any), value) for name, value in data.items()})


def _value(kind: Any, value: Any) -> Any:
    if get_origin(kind) is types.UnionType:
        kind = next((each for each in get_args(kind) if each is not type(None)), Any)
    if value is None or kind is Any:
        return value
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        kinds = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return tuple(_value(each, item) for each, item in zip(kinds, value, strict=True))
    return decoded(kind, value) if is_dataclass(kind) and isinstance(kind, type) else value
