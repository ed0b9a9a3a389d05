"""Where replicas of one worker come together, in the order in which each of them does."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.check.seen import Crossed, SourceLine

Lines = tuple[SourceLine, ...]
"""Of the author's, from the replica function to the innermost."""

# A loop that crosses crosses each time.
_KEPT = 20


class Meetings:
    """Holds the lines of replicas against each other, run by run."""

    def __init__(self) -> None:
        self.crossed: list[Crossed] = []
        # Of the run that goes on: replica, and what it brought from where.
        self._met: dict[int, list[tuple[Any, Lines]]] = {}
        self.mixed_up: list[Crossed] = []
        self._asked: dict[int, list[tuple[Any, Lines]]] = {}

    def met(self, replica: int, what: Any, lines: Lines) -> None:
        """A replica brings something, and waits for the others.

        Args:
            replica: its number.
            what: a variable is the same thing to all of them; of a tensor nothing is known.
            lines: that it has come by.
        """
        thing = what if isinstance(what, tf.Variable) else None
        self._met.setdefault(replica, []).append((thing, lines))

    def asked(self, replica: int, what: Any, lines: Lines) -> None:
        """A replica asks for a variable, and gets the one that the first has made in its turn.

        Args:
            replica: its number.
            what: name and initial value.
            lines: that it has come by.
        """
        self._asked.setdefault(replica, []).append((what, lines))

    def lines(self) -> Lines:
        """Those by which the first replica has come to where all are now."""
        return self._met[min(self._met)][-1][1] if self._met else ()

    def run_ends(self) -> None:
        """All replicas have come to their ends."""
        self._run_made()
        first, *others = sorted(self._met.items()) or [(0, [])]
        self._met = {}
        for replica, met in others:
            for (mine, here), (theirs, there) in zip(first[1], met, strict=False):
                apart = next((p for p in zip(here, there, strict=False) if p[0] != p[1]), None)
                alike = mine is not None and mine is theirs
                if apart and not alike and len(self.crossed) < _KEPT:
                    self.crossed.append(Crossed(apart, replica))
                    # What follows only follows from it.
                    break

    def _run_made(self) -> None:
        first, *others = sorted(self._asked.items()) or [(0, [])]
        self._asked = {}
        for replica, asked in others:
            for (mine, here), (theirs, there) in zip(first[1], asked, strict=False):
                # Both of them ask for both, and so in another order.
                swapped = mine in [each for each, _ in asked] and theirs in [e for e, _ in first[1]]
                if mine != theirs and swapped and len(self.mixed_up) < _KEPT:
                    self.mixed_up.append(Crossed((here[-1], there[-1]), replica))
                    break
