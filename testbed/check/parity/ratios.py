"""Compares the updates of variables by several replicas with those by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.check.parity.first_steps import Update

# Sums in another order differ by less than this share of an update.
_TOLERANCE = 2e-3
# The share of a multiple of the weights that may be left when they explain a difference.
_LEFT = 0.05
# How much larger than its rounding an update has to be.
_SIGNIFICANT = 20.0
# A ratio so near to a factor is that factor.
NEAR = 0.01


@dataclass(frozen=True)
class Ratio:
    """An update by several replicas as a multiple of the update by one."""

    name: str
    update: Update
    """The update by several replicas."""
    one: Update
    """The update by one replica."""
    value: float
    proportional: bool
    """Whether it is a multiple, element by element."""

    def is_near(self, factor: float) -> bool:
        """Whether the update is this multiple of the other."""
        return self.proportional and is_near(self.value, factor)


def is_near(value: float, factor: float) -> bool:
    """Whether a ratio is a factor, within what sums in another order may cause."""
    return abs(value - factor) <= NEAR * abs(factor)


def ratio_of(name: str, update: Update, one: Update) -> Ratio | None:
    """Compare two updates; None if both are too small to say anything."""
    if not (_is_significant(update) or _is_significant(one)):
        return None
    square = _dot(one.delta, one.delta)
    if not square or len(update.delta) != len(one.delta):
        return Ratio(name, update, one, math.inf, False)
    value = _dot(update.delta, one.delta) / square
    difference = [a - value * b for a, b in zip(update.delta, one.delta, strict=True)]
    allowed = _TOLERANCE * length(update.delta) + 4 * (update.rounding + abs(value) * one.rounding)
    return Ratio(name, update, one, value, length(difference) <= allowed)


def agree(one: Sequence[float], other: Sequence[float], rounding: float) -> bool:
    """Whether two sketches are those of equal values."""
    if len(one) != len(other):
        return False
    difference = length([a - b for a, b in zip(one, other, strict=True)])
    return difference <= 4 * rounding + 1e-6 * length(one)


def decay_in(ratio: Ratio, weights: Update) -> tuple[float, float] | None:
    """How far an update is a multiple of the other one, and a multiple of the weights.

    Args:
        ratio: the two updates, of the weights or of a slot of theirs.
        weights: the update of the weights.

    Returns:
        Both factors; None if the update is no such sum. Two elements are always one.
    """
    many, one, start = ratio.update.delta, ratio.one.delta, weights.before
    if not len(many) == len(one) == len(start) or len(many) < 3:
        return None
    oo, ss, os = _dot(one, one), _dot(start, start), _dot(one, start)
    determinant = oo * ss - os * os
    if determinant <= 1e-9 * oo * ss:
        return None
    mo, ms = _dot(many, one), _dot(many, start)
    multiple, decay = (mo * ss - ms * os) / determinant, (ms * oo - mo * os) / determinant
    left = [m - multiple * o - decay * s for m, o, s in zip(many, one, start, strict=True)]
    rounding = 4 * (ratio.update.rounding + ratio.one.rounding)
    further = abs(decay) * math.sqrt(ss)
    # A small multiple of the weights may be a small part of the update.
    return (multiple, decay) if length(left) <= max(rounding, _LEFT * further) < further else None


def length(numbers: Sequence[float]) -> float:
    """The Euclidean length."""
    return math.sqrt(_dot(numbers, numbers))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _is_significant(update: Update) -> bool:
    return length(update.delta) > _SIGNIFICANT * update.rounding
