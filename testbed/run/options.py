"""The options of a run, as the command line decides them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

from testbed.cluster.isolation_levels import AUTO
from testbed.hosts.rank import Rank
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience


@dataclass(frozen=True)
class Options:
    """How to run, as the command line decides it."""

    device: str = "cpu"
    python: str = sys.executable
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    fresh: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    isolation: str = AUTO
    """`auto`, `required` or `none`: see `testbed.launcher.isolation.isolation`."""
    rank: Rank | None = None
    """The rank of this process among those of an engine; None on one machine."""
    patience: Patience = field(default_factory=Patience)
    """Timeouts for workers of a user's program that make no progress."""
