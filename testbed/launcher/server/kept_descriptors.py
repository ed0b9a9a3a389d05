"""Descriptors of ours in a process whose program may close any number, and use it again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource

# Programs that close what they have inherited begin at 3, and most of them stop long before this.
# The kernel gives out the lowest free number, so a file of the program's gets this one as its
# thousandth at the earliest.
_OUT_OF_THE_WAY = 1000
_SPARE = 16


def moved_out_of_the_way(fd: int) -> int:
    """The same open file under a high number, which exec closes; `fd` itself is closed.

    Where no high number can be had it stays as it is.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = _OUT_OF_THE_WAY
    if limit != resource.RLIM_INFINITY:
        lowest = min(lowest, limit - _SPARE)
    if lowest <= fd:
        return fd
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
    except OSError:
        return fd
    os.close(fd)
    return moved


def identity(fd: int) -> tuple[int, int] | None:
    """What is open under a number: the same file or socket has the same identity."""
    with contextlib.suppress(OSError):
        found = os.fstat(fd)
        return found.st_dev, found.st_ino
    return None
