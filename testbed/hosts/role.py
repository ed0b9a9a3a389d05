"""What part this process has in a run: all of it, or worker 0 of several hosts."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.hosts.rank import Rank
from testbed.launcher.run_folder import RunFolder


@dataclass(frozen=True)
class Role:
    """The place of a command's process among those that an engine has started."""

    rank: Rank | None = None
    """None on one machine."""
    folder: RunFolder | None = None
    """That all hosts share; None before there is one, and on one machine."""


ALONE = Role()
"""Of a run on this machine."""
