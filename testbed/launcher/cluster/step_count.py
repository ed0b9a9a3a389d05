"""Counts a worker's steps in shared memory, which other processes read without its help."""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

# Memory, because with a file a full disk would end the worker when it writes to the page.
_NAME = "testbed-steps"
_FORMAT = struct.Struct("=QQd")
"""The number of steps, whether the last call is one, and when the last one began."""


@dataclass(frozen=True)
class Steps:
    """The steps that a program has begun."""

    begun: int
    inside: bool
    """Whether the last call that could be a step was one."""
    ago: float | None = field(default=None, compare=False)
    """Seconds since the last one began; None where that is unknown. Workers in one step are told
    together, however long each has been there."""


class StepCount:
    """The worker's side: counts steps as they begin."""

    def __init__(self) -> None:
        memory = os.memfd_create(_NAME)
        os.ftruncate(memory, mmap.PAGESIZE)
        # The mmap keeps a descriptor open, by which other processes find the memory.
        self._memory = mmap.mmap(memory, mmap.PAGESIZE)
        os.close(memory)
        self.begun, self._at = 0, 0.0

    def begin(self) -> None:
        """Count the beginning of a step."""
        # The clock of all processes of this host.
        self.begun, self._at = self.begun + 1, time.monotonic()
        _FORMAT.pack_into(self._memory, 0, self.begun, 1, self._at)

    def other(self) -> None:
        """Mark the beginning of a call that is not a step."""
        _FORMAT.pack_into(self._memory, 0, self.begun, 0, self._at)


def steps_of(pid: int) -> Steps | None:
    """Read the steps of a worker on this host; None where it has no count, or has closed it."""
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if _is_count(descriptor):
                begun, inside, at = _FORMAT.unpack(descriptor.read_bytes()[: _FORMAT.size])
                return Steps(begun, bool(inside), time.monotonic() - at if begun else None)
    except (OSError, struct.error):
        # The worker has just ended, or this process may not read its descriptors.
        pass
    return None


def _is_count(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith(f"/memfd:{_NAME}")
    except OSError:
        return False
