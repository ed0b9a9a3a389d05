"""Decodes JSON files from any source within limits; an invalid file gives a one-line error.

Decoded data can be printed, added up and written again without further checks.
"""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from testbed.errors import UsageError

# The whole catalogue takes about 10 MB. A hostile file may need 30 times its size in memory.
LARGEST_BYTES = 50_000_000

# A value has at most 64 dimensions, and is nested about ten levels deep in a record.
DEEPEST = 80

# The range of TensorFlow's integers: from the least int64 to the greatest uint64.
LEAST, GREATEST = -(2**63), 2**64 - 1
_MOST_DIGITS = 20


def load(path: Path, name: str, limit: int = LARGEST_BYTES) -> Any:
    """Decode the JSON of a file from any source.

    Args:
        path: the file.
        name: the name of the file in messages.
        limit: the largest size in bytes.

    Raises:
        UsageError: the file is missing, too large, or no valid JSON.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A pipe may have no writer, and a device may have no end.
            raise UsageError(f"{name}: not a file; save the record to one first")
        if found.st_size > limit:
            raise UsageError(f"{name}: larger than {limit // 10**6} MB; not a record")
        text = path.read_text(encoding="utf-8")
        data = json.loads(
            text,
            parse_constant=_Unusable,
            parse_float=_finite,
            parse_int=_bounded,
            object_pairs_hook=_distinct,
        )
        _require_printable(text, data)
        _require_shallow(data)
    except OSError as problem:
        raise UsageError(f"{name}: {problem.strerror}") from problem
    except RecursionError as problem:
        raise UsageError(f"{name}: nested too deeply; not a record") from problem
    except ValueError as problem:
        raise UsageError(f"{name}: not whole JSON: {problem}; is the file cut off?") from problem
    for place, number in _unusable(data):
        raise UsageError(f"{name}: not a valid record: {place} is {number.why}")
    return data


class _Unusable:
    """Stands for an invalid number: not allowed in JSON, not finite, or out of range."""

    def __init__(self, digits: str) -> None:
        shown = digits if len(digits) <= _MOST_DIGITS else f"{digits[:_MOST_DIGITS]}..."
        whole = digits.lstrip("-").isdecimal()
        valid = f"from {LEAST} to {GREATEST}" if whole else "a finite number"
        self.why = f"{shown}, and must be {valid}"


def _finite(digits: str) -> Any:
    number = float(digits)
    return number if math.isfinite(number) else _Unusable(digits)


def _bounded(digits: str) -> Any:
    if len(digits) > _MOST_DIGITS:
        return _Unusable(digits)
    number = int(digits)
    return number if LEAST <= number <= GREATEST else _Unusable(digits)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice[:40])} occurs twice in one object")
    return found


def _require_printable(text: str, data: Any) -> None:
    """Reject a lone surrogate, which JSON allows but which cannot be printed."""
    if "\\ud" in text.lower():
        json.dumps(data, ensure_ascii=False, default=lambda _: None).encode()


def _require_shallow(data: Any) -> None:
    """Reject nesting so deep that a recursive reader would exhaust its stack."""
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return
    raise RecursionError


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _unusable(node: Any, place: str = "data") -> Iterator[tuple[str, _Unusable]]:
    """The invalid numbers, each with its place in the notation of the schema validator."""
    if isinstance(node, _Unusable):
        yield place, node
    elif isinstance(node, dict):
        for key, inner in node.items():
            yield from _unusable(inner, f"{place}.{key}")
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _unusable(inner, f"{place}[{number}]")
