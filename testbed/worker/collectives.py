"""The collectives of a worker, in their order."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from testbed.check.seen import Collective
from testbed.worker.going_on import GoingOn
from testbed.worker.stack import author_lines
from testbed.worker.writes import MERGED

_KEPT = 10_000
# Of the lines by which one is reached.
_LINES = 8


class Collectives:
    """Keeps each with the lines by which the author's code has come to it."""

    def __init__(self, now: GoingOn) -> None:
        self.kept: list[Collective] = []
        self._now = now
        self._traced: set[Collective] = set()

    def add(self, kind: str, value: Any) -> None:
        """See `Watch.collective`."""
        first = tf.nest.flatten(value)[0]
        while isinstance(first, tuple):
            first = first[0]
        inner = self._now.meetings.lines() if self._now.who() == MERGED else ()
        lines = (*author_lines(), *inner)[-_LINES:]
        shape, dtype = str(getattr(first, "shape", "")), getattr(first, "dtype", None)
        each = Collective(
            kind, shape, str(getattr(dtype, "name", "")), lines[-1] if lines else None, lines[:-1]
        )
        if tf.inside_function():
            # How often something is traced is each worker's own affair.
            if each in self._traced:
                return
            self._traced.add(each)
        if len(self.kept) < _KEPT:
            self.kept.append(each)
