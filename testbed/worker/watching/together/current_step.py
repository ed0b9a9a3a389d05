"""The current step of a worker: its number, the runs it is in, and the replica at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.check.seen import SourceLine
from testbed.worker.probes import replica_number
from testbed.worker.watching.together.replica_meeting import Meetings
from testbed.worker.watching.together.scopes import Scopes
from testbed.worker.writes import MERGED, current_actor


class CurrentStep:
    """Counts runs, functions and steps, and says where the program is."""

    def __init__(self) -> None:
        self.depth = 0
        """How many calls of `strategy.run` go on, one within the other."""
        self.steps = 0
        """Steps that have begun: outermost calls of `strategy.run` and of tf.functions."""
        self.meetings = Meetings()
        self.scopes = Scopes()
        self.replica_function: Callable[..., Any] | None = None
        """Of the outermost run."""
        # Calls of tf.functions that have not returned, one within the other.
        self._functions = 0

    @property
    def is_step(self) -> bool:
        """Whether what is called now begins a step: within a tf.function it is a part of one."""
        return not (self.depth or tf.inside_function())

    @property
    def in_function_or_run(self) -> bool:
        """Whether a `strategy.run` or a tf.function has not returned."""
        return bool(self.depth or self._functions)

    def begins_step(self) -> None:
        """Count what is called now, if it is a step of its own."""
        self.steps += self.is_step

    def run_begins(self, _: Any, step: Callable[..., Any]) -> None:
        """`strategy.run` is called."""
        self.depth += 1
        if self.depth == 1:
            self.replica_function = step

    def run_ends(self, *_: Any) -> None:
        """`strategy.run` has returned or raised."""
        self.depth -= 1

    def function_begins(self) -> None:
        """A tf.function is called."""
        self._functions += 1

    def function_ends(self) -> None:
        """A tf.function has returned or raised."""
        self._functions -= 1

    def who(self) -> str:
        """`replica 0`, ..., `merged` or `outside`."""
        return current_actor(running=self.depth > 0)

    def replica(self) -> int | None:
        """The replica that this thread is, of all in sync."""
        within = self.depth and tf.distribute.has_strategy()
        return replica_number() if within and not tf.distribute.in_cross_replica_context() else None

    def meeting_place(self, who: str) -> SourceLine | None:
        """Of what replicas do together, the author's line at which they meet."""
        lines = self.meetings.lines() if who == MERGED else ()
        return lines[-1] if lines else None
