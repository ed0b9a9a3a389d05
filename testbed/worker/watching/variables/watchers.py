"""The watchers of variables: how they are made, shared by name, clipped and combined."""

from __future__ import annotations

from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.clipping import ClippedGradients
from testbed.worker.watching.variables.collectives import Collectives
from testbed.worker.watching.variables.made import Variables
from testbed.worker.watching.variables.reused_names import ReusedNames


class VariableWatchers:
    """Every watcher of variables.

    Args:
        now: the current step of the worker.
    """

    def __init__(self, now: CurrentStep) -> None:
        self.made = Variables(now)
        self.names = ReusedNames(self.made)
        self.clipped = ClippedGradients(now, self.made.clips)
        self.collectives = Collectives(now)
