"""A count of steps that a worker keeps in shared memory, and others read without asking it."""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path

# Memory and not a file: a full disk would end the worker when it writes to the mapped page.
_NAME = "testbed-steps"
_FORMAT = struct.Struct("=QQ")


@dataclass(frozen=True)
class Steps:
    """The steps that a program has begun."""

    begun: int
    inside: bool
    """Whether the last call that may have been a step was one."""


class StepCount:
    """The worker's side: counts steps as they begin."""

    def __init__(self) -> None:
        memory = os.memfd_create(_NAME)
        os.ftruncate(memory, mmap.PAGESIZE)
        # Keeps a descriptor open, by which others find the memory.
        self._memory = mmap.mmap(memory, mmap.PAGESIZE)
        os.close(memory)
        self.begun = 0

    def begin(self) -> None:
        """A step begins."""
        self.begun += 1
        _FORMAT.pack_into(self._memory, 0, self.begun, 1)

    def other(self) -> None:
        """Something begins that is no step."""
        _FORMAT.pack_into(self._memory, 0, self.begun, 0)


def steps_of(pid: int) -> Steps | None:
    """The steps of a worker on this host; None where it keeps no count, or has closed it."""
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if _is_count(descriptor):
                begun, inside = _FORMAT.unpack(descriptor.read_bytes()[: _FORMAT.size])
                return Steps(begun, bool(inside))
    except (OSError, struct.error):
        # It has just ended, or is not ours to look into.
        pass
    return None


def _is_count(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith(f"/memfd:{_NAME}")
    except OSError:
        return False
