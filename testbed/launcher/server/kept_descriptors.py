"""Keeps the testbed's descriptors where the user's program is unlikely to close them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource

# Programs that close inherited descriptors begin at 3, and most of them stop long before this. The
# kernel assigns the lowest free number, so a file of the program gets this number as its thousandth
# at the earliest.
_OUT_OF_THE_WAY = 1000
_SPARE = 16


def moved_out_of_the_way(fd: int) -> int:
    """Move an open file to a high number, which exec closes; `fd` itself is closed.

    Where no high number is available, the descriptor keeps its number.
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
    """The identity of the file or socket open under a number; None if there is none."""
    with contextlib.suppress(OSError):
        found = os.fstat(fd)
        return found.st_dev, found.st_ino
    return None
