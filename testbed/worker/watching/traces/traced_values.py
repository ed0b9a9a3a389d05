"""Represents the values that a trace keeps, so that they can be compared with later values."""

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

# The largest array that is compared; a larger one takes too long.
_BYTES = 1_000_000


@dataclass(frozen=True)
class TracedValue:
    """A value that a trace keeps, or a digest of it."""

    kind: str
    """`number`, `text`, `array`, or `object` for an object that holds variables."""
    value: Any
    shown: Any = field(default=None, compare=False)
    """The value for people; None if it is too large."""


class _Same:
    """Compares an object by identity, without keeping it alive."""

    def __init__(self, held: Any) -> None:
        self._held = weakref.ref(held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._held() is other._held() is not None

    def __hash__(self) -> int:
        return 0


def traced_value_of(value: Any) -> TracedValue | None:
    """The representation that a trace would keep; None for a value that is not compared."""
    if isinstance(value, numpy.number):
        value = value.item()
    if isinstance(value, (bool, str)):
        return TracedValue("text", value, value)
    if isinstance(value, (int, float)):
        return TracedValue("number", value, value)
    if isinstance(value, numpy.ndarray):
        if value.nbytes > _BYTES or value.dtype.kind not in "fiub":
            return None
        digest = hashlib.blake2b(numpy.ascontiguousarray(value).tobytes(), digest_size=8)
        identity = (str(value.dtype), value.shape, digest.hexdigest())
        return TracedValue("array", identity, summary(value) if value.size <= WHOLE else None)
    if _holds_variables(value):
        return TracedValue("object", _Same(value), type(value).__name__)
    return None


def _holds_variables(value: Any) -> bool:
    kind = type(value)
    if isinstance(value, type):
        return False
    # Keras objects by an attribute, because two Keras packages exist, and both are optional.
    return isinstance(value, (tf.Variable, tf.Module)) or hasattr(kind, "trainable_variables")


def state_of_source(source: Any) -> int | None:
    """A digest of the state of a random number source; None for any other object."""
    if isinstance(source, numpy.random.Generator):
        return hash(repr(source.bit_generator.state))
    if isinstance(source, numpy.random.RandomState):
        state: Any = source.get_state(legacy=False)
        return hash((state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"]))
    if isinstance(source, random.Random):
        return hash(source.getstate())
    return None


def states_of_streams() -> dict[str, int | None]:
    """The states of the sources that all modules share."""
    return {name: state_of_source(source) for name, source in STREAMS.items()}
