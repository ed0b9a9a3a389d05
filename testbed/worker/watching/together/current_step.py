"""Tracks the current step of a worker: its number, the open runs, and the current replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.worker.probes import replica_number
from testbed.worker.watching.together.replica_meeting import ReplicaMeetings
from testbed.worker.watching.together.scopes import Scopes
from testbed.worker.writes import MERGED, current_actor


class CurrentStep:
    """Counts open runs and functions and all steps, and returns the current actor."""

    def __init__(self) -> None:
        self.depth = 0
        """The number of calls of `strategy.run` that have not returned, one within the other."""
        self.steps = 0
        """Steps that have begun: outermost calls of `strategy.run` and of tf.functions."""
        self.meetings = ReplicaMeetings()
        self.scopes = Scopes()
        self.replica_function: Callable[..., Any] | None = None
        """The replica function of the outermost run."""
        # Calls of tf.functions that have not returned, one within the other.
        self._functions = 0

    @property
    def is_step(self) -> bool:
        """Whether a call made now begins a step; inside of a tf.function it is part of one."""
        return not (self.depth or tf.inside_function())

    @property
    def in_function_or_run(self) -> bool:
        """Whether a `strategy.run` or a tf.function has not returned."""
        return bool(self.depth or self._functions)

    @property
    def is_eager_step(self) -> bool:
        """Whether the code of a step runs now, not being traced."""
        if self._functions and not tf.config.functions_run_eagerly():
            return False
        return self.in_function_or_run

    @property
    def is_between_steps(self) -> bool:
        """Whether no thread of the program runs or traces a step."""
        return not (self.in_function_or_run or tf.inside_function())

    def begins_step(self) -> None:
        """Count the call that begins now, if it is a step."""
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

    def actor(self) -> str:
        """The actor that runs the current code: `replica 0`, ..., `merged` or `outside`."""
        return current_actor(running=self.depth > 0)

    def replica(self) -> int | None:
        """The number of the replica that this thread runs, among all in sync; None if none."""
        within = self.depth and tf.distribute.has_strategy()
        return replica_number() if within and not tf.distribute.in_cross_replica_context() else None

    def meeting_place(self, actor: str) -> SourceLine | None:
        """The user's line at which replicas meet, if they act together (`merged`)."""
        lines = self.meetings.lines() if actor == MERGED else ()
        return lines[-1] if lines else None
