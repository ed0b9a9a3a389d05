"""Compares the order in which the replicas of one worker reach the points where they meet."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.check.seen import Crossed, SourceLine

Lines = tuple[SourceLine, ...]
"""The user's lines, from the replica function to the innermost."""

# The limit of records: a mismatch in a loop is repeated at each iteration.
_KEPT = 20


class ReplicaMeetings:
    """Compares the lines of replicas with each other, run by run."""

    def __init__(self) -> None:
        self.crossed: list[Crossed] = []
        # In the current run: for each replica, the variables or tensors that it brought, and lines.
        self._met: dict[int, list[tuple[Any, Lines]]] = {}
        self.mixed_up: list[Crossed] = []
        self._requested: dict[int, list[tuple[Any, Lines]]] = {}

    def met(self, replica: int, what: Any, lines: Lines) -> None:
        """Record that a replica waits for the others.

        Args:
            replica: its number.
            what: a variable, which is the same object for all replicas; any other value is ignored.
            lines: the user's lines on its stack.
        """
        thing = what if isinstance(what, tf.Variable) else None
        self._met.setdefault(replica, []).append((thing, lines))

    def variable_requested(self, replica: int, what: Any, lines: Lines) -> None:
        """Record that a replica requests a variable; it gets the first replica's variable.

        Args:
            replica: its number.
            what: name and initial value.
            lines: the user's lines on its stack.
        """
        self._requested.setdefault(replica, []).append((what, lines))

    def lines(self) -> Lines:
        """The user's lines of the first replica at the current meeting."""
        return self._met[min(self._met)][-1][1] if self._met else ()

    def run_ends(self) -> None:
        """Compare the lines of all replicas at the end of a run."""
        self._compare_requests()
        first, *others = sorted(self._met.items()) or [(0, [])]
        self._met = {}
        for replica, met in others:
            for (mine, here), (theirs, there) in zip(first[1], met, strict=False):
                apart = next((p for p in zip(here, there, strict=False) if p[0] != p[1]), None)
                alike = mine is not None and mine is theirs
                if apart and not alike and len(self.crossed) < _KEPT:
                    self.crossed.append(Crossed(apart, replica))
                    # Later differences of this replica only follow from this one.
                    break

    def _compare_requests(self) -> None:
        first, *others = sorted(self._requested.items()) or [(0, [])]
        self._requested = {}
        for replica, requested in others:
            names = [each for each, _ in requested]
            for (mine, here), (theirs, there) in zip(first[1], requested, strict=False):
                # Both replicas request both variables, so in another order.
                swapped = mine in names and theirs in [each for each, _ in first[1]]
                if mine != theirs and swapped and len(self.mixed_up) < _KEPT:
                    self.mixed_up.append(Crossed((here[-1], there[-1]), replica))
                    break
