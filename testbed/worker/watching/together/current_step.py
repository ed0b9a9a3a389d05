"""What goes on in a worker now: which step, within how many runs, and who is at work."""

from __future__ import annotations

import tensorflow as tf

from testbed.check.seen import SourceLine
from testbed.worker.probes import replica_number
from testbed.worker.watching.together.replica_meeting import Meetings
from testbed.worker.watching.together.scopes import Scopes
from testbed.worker.writes import MERGED, who


class CurrentStep:
    """Is told when runs begin and end, and says where the program is."""

    def __init__(self) -> None:
        self.depth = 0
        """How many calls of `strategy.run` go on, one within the other."""
        self.steps = 0
        """How many steps have begun: see `testbed.check.seen.Seen`."""
        self.meetings = Meetings()
        self.scopes = Scopes()

    @property
    def is_step(self) -> bool:
        """Whether what is called now begins a step: within a tf.function it is a part of one."""
        return not (self.depth or tf.inside_function())

    def who(self) -> str:
        """`replica 0`, ..., `merged` or `outside`."""
        return who(running=self.depth > 0)

    def replica(self) -> int | None:
        """The replica that this thread is, of all in sync."""
        within = self.depth and tf.distribute.has_strategy()
        return replica_number() if within and not tf.distribute.in_cross_replica_context() else None

    def meeting_place(self, who: str) -> SourceLine | None:
        """Of what replicas do together, the author's line at which they meet."""
        lines = self.meetings.lines() if who == MERGED else ()
        return lines[-1] if lines else None
