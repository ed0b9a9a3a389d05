"""Records the collectives of a worker, in their order."""

from __future__ import annotations

import weakref
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Collective
from testbed.worker.watching.stack import author_lines
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.writes import MERGED

_KEPT = 10_000
# The most lines of the user's stack that are kept for one collective.
_LINES = 8


class Collectives:
    """Records each collective with the user's lines on the stack."""

    def __init__(self, now: CurrentStep) -> None:
        self.kept: list[Collective] = []
        self._now = now
        # The number of a trace is dropped together with the trace.
        self._traces: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._traced = 0

    def add(self, kind: str, value: Any) -> None:
        """Record a collective after all earlier ones."""
        if len(self.kept) == _KEPT:
            return
        first = tf.nest.flatten(value)[0]
        while isinstance(first, tuple):
            first = first[0]
        # Reading an ON_READ variable passes the variable itself, or its only copy.
        reads = str(first.name) if isinstance(first, tf.Variable) else ""
        if isinstance(first, tf.distribute.DistributedValues):
            # All replicas bring tensors of one shape.
            first = first._values[0]
        inner = self._now.meetings.lines() if self._now.actor() == MERGED else ()
        lines = (*author_lines(), *inner)[-_LINES:]
        shape, dtype = str(getattr(first, "shape", "")), getattr(first, "dtype", None)
        dtype, place = str(getattr(dtype, "name", "")), lines[-1] if lines else None
        self.kept.append(
            Collective(kind, shape, dtype, place, lines[:-1], self._trace(), self._now.steps, reads)
        )

    def _trace(self) -> int:
        """The number of the current trace; 0 in eager mode."""
        if not tf.inside_function():
            return 0
        graph = tf.compat.v1.get_default_graph()
        while hasattr(graph.outer_graph, "outer_graph"):
            graph = graph.outer_graph
        if graph not in self._traces:
            self._traced += 1
            self._traces[graph] = self._traced
        return self._traces[graph]
