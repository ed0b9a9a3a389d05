"""What a trace keeps of what it reads, as it can be compared with what is there later."""

from __future__ import annotations

import hashlib
import random
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy
import tensorflow as tf

from testbed.worker.watching.data.summary import WHOLE, summary
from testbed.worker.watching.traces.bytecode_reads import STREAMS

# Of an array, before looking at it takes too long.
_BYTES = 1_000_000


@dataclass(frozen=True)
class Kept:
    """A value, or what tells it from others of its kind."""

    kind: str
    """`number`, `text`, `array`, or `object` of what holds variables."""
    value: Any
    shown: Any = field(default=None, compare=False)
    """The value for people, where it is not too large."""


class _Same:
    """An object by its identity, which is not held by that."""

    def __init__(self, held: Any) -> None:
        self._held = weakref.ref(held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._held() is other._held() is not None

    def __hash__(self) -> int:
        return 0


def kept_of(value: Any) -> Kept | None:
    """What a trace would keep of a value; None of what it keeps nothing that changes."""
    if isinstance(value, numpy.number):
        value = value.item()
    if isinstance(value, (bool, str)):
        return Kept("text", value, value)
    if isinstance(value, (int, float)):
        return Kept("number", value, value)
    if isinstance(value, numpy.ndarray):
        if value.nbytes > _BYTES or value.dtype.kind not in "fiub":
            return None
        digest = hashlib.blake2b(numpy.ascontiguousarray(value).tobytes(), digest_size=8)
        told = (str(value.dtype), value.shape, digest.hexdigest())
        return Kept("array", told, summary(value) if value.size <= WHOLE else None)
    if _holds_variables(value):
        return Kept("object", _Same(value), type(value).__name__)
    return None


def _holds_variables(value: Any) -> bool:
    kind = type(value)
    if isinstance(value, type):
        return False
    # Of Keras by what its classes have, as there are two of it, and neither need be there.
    return isinstance(value, (tf.Variable, tf.Module)) or hasattr(kind, "trainable_variables")


def state_of_source(source: Any) -> int | None:
    """A digest of where a source of random numbers is; None where it is no source."""
    if isinstance(source, numpy.random.Generator):
        return hash(repr(source.bit_generator.state))
    if isinstance(source, numpy.random.RandomState):
        state: Any = source.get_state(legacy=False)
        return hash((state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"]))
    if isinstance(source, random.Random):
        return hash(source.getstate())
    return None


def states_of_streams() -> dict[str, int | None]:
    """Of the sources that every module shares."""
    return {name: state_of_source(source) for name, source in STREAMS.items()}
