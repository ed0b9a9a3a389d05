"""The request of a benchmark: its parts, its programs, and how much time it may take."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from testbed.cluster.isolation_levels import AUTO
from testbed.hosts.rank import Rank

WEIGHT, MODEL = "weight.update", "model.training"
"""The scenarios of which steps are timed."""


@dataclass(frozen=True)
class Effort:
    """How much time a benchmark may take; times are in seconds."""

    rounds: int
    step_budget: float
    """Seconds for the timed steps of one visit."""
    most_steps: int
    accesses: int
    """Number of calls that read or write the variable; each call does so several times."""
    sizes: tuple[int, ...]
    """Bytes of the collectives' messages."""
    calls: int
    """Number of calls of a collective; fewer for large messages."""
    bytes_timed: int


QUICK = Effort(3, 0.06, 300, 4, tuple(4**k for k in (1, 6, 11)), 10, 2**24)
THOROUGH = Effort(10, 0.25, 1000, 20, tuple(4**k for k in range(1, 13)), 50, 2**26)


@dataclass(frozen=True)
class BenchRequest:
    """The request of the `bench` command."""

    parts: tuple[str, ...]
    effort: Effort
    quick: bool
    device: str
    sizes: dict[str, int]
    """Sizes of the model: batch, width, image."""
    capacity: int = 1
    """Number of cores or GPUs, so of replicas that can run at the same time."""
    isolation: str = AUTO
    """The isolation of the processes, as in `testbed.launcher.isolation.isolation`."""
    python: str = sys.executable
    """The interpreter of the workers, and of the programs that they are compared with."""
    rank: Rank | None = None
    """The rank of this host, as in `testbed.run.options.Options`."""
    workers: int = 0
    replicas: int = 0
    """The largest cluster, in workers with one replica and in replicas of one worker; 0 means as
    many as the machine can run."""

    @property
    def room(self) -> str:
        """The capacity in words: `2 cores`."""
        return f"{self.capacity} {'cores' if self.device == 'cpu' else 'GPUs'}"
