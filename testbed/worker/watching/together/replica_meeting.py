"""Compares the order in which the replicas of one worker reach the points where they meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Crossed, SourceLine

Lines = tuple[SourceLine, ...]
"""The user's lines, from the replica function to the innermost."""

Reached = list[tuple[Any, Lines]]
"""What one replica brought or requested, in its order, with its lines."""

# The limit of records: a mismatch in a loop is repeated at each iteration.
_KEPT = 20


class ReplicaMeetings:
    """Compares the lines of replicas with each other, run by run."""

    def __init__(self) -> None:
        self.crossed: list[Crossed] = []
        # In the current run: for each replica, the variables or tensors that it brought, and lines.
        self._met: dict[int, Reached] = {}
        self.mixed_up: list[Crossed] = []
        self._requested: dict[int, Reached] = {}

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
        _record(self.mixed_up, self._requested, _first_swapped)
        _record(self.crossed, self._met, _first_crossed)
        self._requested, self._met = {}, {}


def _record(
    kept: list[Crossed],
    reached: dict[int, Reached],
    mismatch: Callable[[Reached, Reached], tuple[SourceLine, SourceLine] | None],
) -> None:
    """Record the first mismatch of each replica; its later ones only follow from that one."""
    for replica in sorted(reached)[1:]:
        places = mismatch(reached[min(reached)], reached[replica])
        if places and len(kept) < _KEPT:
            kept.append(Crossed(places, replica))


def _first_swapped(mine: Reached, theirs: Reached) -> tuple[SourceLine, SourceLine] | None:
    """The lines at which two replicas first request another variable than the other one.

    Both request both variables, so they do it in another order.
    """
    by_me, by_other = ([what for what, _ in each] for each in (mine, theirs))
    for (one, here), (other, there) in zip(mine, theirs, strict=False):
        if one != other and one in by_other and other in by_me:
            return here[-1], there[-1]
    return None


def _first_crossed(mine: Reached, theirs: Reached) -> tuple[SourceLine, SourceLine] | None:
    """The first lines that differ where two replicas meet without bringing the same variable."""
    for (one, here), (other, there) in zip(mine, theirs, strict=False):
        if one is None or one is not other:
            apart = [pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]]
            if apart:
                return apart[0]
    return None
