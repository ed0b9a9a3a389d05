"""The place of a worker in its cluster."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SEED = 1000


@dataclass(frozen=True)
class WorkerPlace:
    """The place of one worker in its cluster, its devices and its report."""

    worker: int
    """Its index."""
    device: str
    """The kind of its devices: see `testbed.cluster.devices.KINDS`."""
    report: str
    """The file for its report."""

    @property
    def seed(self) -> int:
        """The seed of its random numbers, which no other worker has."""
        return FIRST_SEED + self.worker
