"""Bytes and JSON of any kind, drawn from a seed: what a stranger might send."""

from __future__ import annotations

import json
import random
from typing import Any

HOSTILE = (
    b"",
    b"\n",
    b"\0",
    b"{}",
    b"[]",
    b"null",
    b"NaN",
    b"1e999",
    b"-" + b"9" * 5000,
    b"[" * 5000,
    b'{"a":' * 5000,
    b"\xff\xfe{\0}\0",
    b'"\\ud800"',
    b'{"nonce": "1"}',
    b'{"nonce": "1", "proof": "1"}',
    b'{"worker": 1}',
    b"GET / HTTP/1.1\r\n\r\n",
)
KEYS = ("nonce", "proof", "worker", "number", "told", "words", "status", "at", "phase", "op")


def value(draw: random.Random, depth: int = 0) -> Any:
    """Any value of JSON, and what Python's JSON knows beyond it."""
    kind = draw.randrange(10 if depth < 3 else 7)
    if kind < 7:
        numbers = (draw.randrange(-3, 3), draw.random(), 10 ** draw.randrange(400))
        texts = ("", "0", "joined", "\ud800", "\0", "x" * draw.randrange(2000))
        return draw.choice((None, True, float("inf"), float("nan"), *numbers, *texts))
    if kind < 9:
        keys = [draw.choice(KEYS) for _ in range(draw.randrange(5))]
        return {key: value(draw, depth + 1) for key in keys}
    return [value(draw, depth + 1) for _ in range(draw.randrange(5))]


def message(draw: random.Random) -> dict[str, Any]:
    """Any message that is an object, with the names that messages have."""
    names = draw.sample(KEYS, draw.randrange(1, 6))
    return {name: value(draw) for name in names}


def line(draw: random.Random) -> bytes:
    """Any line: nonsense, a message, or a message with some bytes changed."""
    kind = draw.randrange(4)
    if kind == 0:
        return draw.choice(HOSTILE)
    if kind == 1:
        return draw.randbytes(draw.choice((1, 10, 300, 70_000)))
    whole = bytearray(json.dumps(message(draw)).encode())
    if kind == 2:
        for _ in range(draw.randrange(1, 4)):
            whole[draw.randrange(len(whole))] = draw.randrange(256)
    return bytes(whole)


def talk(draw: random.Random) -> list[bytes]:
    """What one stranger sends: lines, cut into parts at any place."""
    lines = [line(draw) for _ in range(draw.randrange(1, 5))]
    whole = b"\n".join(lines) + draw.choice((b"", b"\n"))
    cut = draw.randrange(len(whole) + 1)
    return [whole[:cut], whole[cut:]]
