"""Finds the lines that compute the value whose gradients train variables."""

from __future__ import annotations

import linecache
import re
from typing import Any, NamedTuple

import tensorflow as tf

from testbed.check.parity.first_steps import Loss
from testbed.check.seen import SourceLine
from testbed.worker.watching.data.batches import WeakTensorMap
from testbed.worker.watching.stack import author_place

_REDUCING = ("Mean", "Sum")
_ADDING = ("AddV2", "Add", "AddN", "Sub")
# The most operations that are searched from a loss, and the most lines that are kept.
_LOOKED_AT = 60
_LINES = 20
# Operations by which functions like tf.clip_by_norm limit or normalise values.
_LIMITING = ("Minimum", "Maximum", "ClipByValue", "L2Loss", "Rsqrt", "Sqrt")
# A call of one of these functions; the operations alone may be those of any other one.
_CALL = re.compile(r"\b\w*(clip|normaliz|global_norm)\w*\(")


class _Computed(NamedTuple):
    """The operation that computed a scalar, or that reduced a tensor to one."""

    kind: str
    place: SourceLine | None
    inputs: tuple[Any, ...]


class Losses:
    """Follows scalars of replica functions, and finds those that are differentiated."""

    def __init__(self) -> None:
        self._computed: WeakTensorMap[_Computed] = WeakTensorMap()
        self._found: dict[Loss, None] = {}
        self._limits: dict[SourceLine, None] = {}

    def computed(self, kind: str, inputs: Any, outputs: Any) -> None:
        """Record an operation of a replica function."""
        if kind in _LIMITING:
            self._limiting()
        if not outputs or getattr(outputs[0].shape, "rank", None) != 0:
            return
        if outputs[0].dtype.is_floating:
            self._computed.put(outputs[0], _Computed(kind, author_place().place, tuple(inputs)))

    def differentiated(self, target: Any, variables: tuple[int, ...]) -> None:
        """Record a value whose gradients are computed, for the variables with these numbers."""
        for leaf in tf.nest.flatten(target):
            place, adds = self._lines_of(leaf)
            if variables and len(self._found) < _LINES:
                self._found.setdefault(Loss(place, variables, adds))

    def seen(self) -> tuple[Loss, ...]:
        """The lines of all losses, each once."""
        return tuple(self._found)

    def limits(self) -> tuple[SourceLine, ...]:
        """The lines that limit gradients or normalise values, each once."""
        return tuple(self._limits)

    def _lines_of(self, target: Any) -> tuple[SourceLine | None, SourceLine | None]:
        """The line that reduces the loss to a scalar, and one that adds a term after that.

        Searches from the target backwards: what scales the loss, as mixed precision does, comes
        after its reduction.
        """
        waiting, searched, adds = [target], 0, None
        first: SourceLine | None = None
        while waiting and searched < _LOOKED_AT:
            each = self._computed.get(waiting.pop(0))
            searched += 1
            if each is None or each.place is None:
                continue
            first = first or each.place
            if each.kind in _REDUCING:
                return each.place, adds
            if each.kind in _ADDING and adds is None:
                adds = each.place
            waiting += each.inputs
        return first, adds

    def _limiting(self) -> None:
        place, libraries, _ = author_place()
        if place is None or libraries or len(self._limits) >= _LINES:
            return
        if _CALL.search(linecache.getline(place.file, place.line)):
            self._limits.setdefault(place)
