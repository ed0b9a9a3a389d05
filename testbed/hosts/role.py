"""The role of this process in a run: the whole run, or worker 0 of several hosts."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.hosts.rank import Rank
from testbed.launcher.run_folder import RunFolder


@dataclass(frozen=True)
class Role:
    """The role of a command's process among the processes that an engine has started."""

    rank: Rank | None = None
    """The rank of this process; None on one machine."""
    folder: RunFolder | None = None
    """The run folder that all hosts share; None on one machine, and before it is made."""


ALONE = Role()
"""The role in a run on this machine alone."""
