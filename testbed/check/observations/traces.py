"""Observations of tf.functions: traces that repeat, and what they share."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.source_line import SourceLine


@dataclass(frozen=True)
class Retraced:
    """How often a tf.function of the user's was called, and how many of these calls traced it."""

    function: str
    calls: int
    traces: int
    why: str
    """The most frequent difference from the call that had traced it before."""
    place: SourceLine | None


@dataclass(frozen=True)
class Leak:
    """A tensor of a finished trace, kept in the user's globals or attributes."""

    name: str
    tensor: str
    place: SourceLine | None


@dataclass(frozen=True)
class Mixed:
    """A tf.function that was traced with one variable and called with another in its place."""

    function: str
    first: str
    then: str
    place: SourceLine | None
