"""The role of this process in a run: the whole run, or worker 0 of several hosts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from testbed.hosts.rank import Rank
from testbed.launcher.run_folder import RUNS, RunFolder, new_run_folder


@dataclass(frozen=True)
class Role:
    """The role of a command's process among the processes that an engine has started."""

    rank: Rank | None = None
    """The rank of this process; None on one machine."""
    folder: RunFolder | None = None
    """The run folder that all hosts share; None on one machine, and before it is made."""

    def workers(self, given: int | None) -> int | None:
        """The given number of workers; on an engine without a number, all its workers."""
        return given or (self.rank.size if self.rank else given)

    def run_folder(self) -> contextlib.AbstractContextManager[RunFolder]:
        """A new run folder, or the folder that the hosts of a job share."""
        return contextlib.nullcontext(self.folder) if self.folder else new_run_folder(RUNS)


ALONE = Role()
"""The role in a run on this machine alone."""
