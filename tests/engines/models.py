"""Holds plain data against the models of a Kubernetes client: every field known, every type right.

A model says of each of its attributes what it is called in JSON, and its type, like `str`,
`list[V1Container]` or `dict(str, str)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLAIN: dict[str, Any] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": (int, float),
    "object": object,
}


def complaints(data: Any, kind: str, *models: Any) -> list[str]:
    """What is wrong with the data as one of such a kind, each with the path to it."""
    return list(_complaints(data, kind, models, ""))


def _complaints(data: Any, kind: str, models: tuple[Any, ...], path: str) -> Iterator[str]:
    if kind in _PLAIN:
        is_wrong_bool = isinstance(data, bool) and kind not in ("bool", "object")
        if not isinstance(data, _PLAIN[kind]) or is_wrong_bool:
            yield f"{path}: {type(data).__name__}, not {kind}"
    elif inner := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(data, list):
            yield f"{path}: {type(data).__name__}, not a list"
            return
        for number, each in enumerate(data):
            yield from _complaints(each, inner[1], models, f"{path}.{number}")
    elif inner := re.fullmatch(r"dict[(\[]str, (.*)[)\]]", kind):
        if not isinstance(data, dict):
            yield f"{path}: {type(data).__name__}, not an object"
            return
        for name, each in data.items():
            yield from _complaints(each, inner[1], models, f"{path}.{name}")
    else:
        yield from _complaints_of_model(data, kind, models, path)


def _complaints_of_model(data: Any, kind: str, models: tuple[Any, ...], path: str) -> Iterator[str]:
    model = next(getattr(each, kind) for each in models if hasattr(each, kind))
    if not isinstance(data, dict):
        yield f"{path}: {type(data).__name__}, not a {kind}"
        return
    attributes = {name: attribute for attribute, name in model.attribute_map.items()}
    for name, each in data.items():
        if name not in attributes:
            yield f"{path}.{name}: unknown to {kind}"
        else:
            inner = model.openapi_types[attributes[name]]
            yield from _complaints(each, inner, models, f"{path}.{name}")
