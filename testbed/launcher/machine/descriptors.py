"""How many descriptors this process may have: more while clusters run, and not for their workers.

A launching process holds two for each worker: its channel, and its port. Many systems allow 1,024
at first, and far more to who asks for them. A worker gets what a program gets that is started by
hand, since some programs (those that call select) rely on it.
"""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

MOST = 2**17
"""Two for each port that there is. Where no limit is set, some programs close all that may be."""

_lock = threading.Lock()
_raised: list[int] = []
"""The limit as it was, once for each block within which it is raised."""


def most() -> int:
    """How many this process may have where it asks for all that it can get."""
    soft, hard = map(_number, resource.getrlimit(resource.RLIMIT_NOFILE))
    return max(soft, min(hard, MOST))


def in_use() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def allow(number: int) -> None:
    """Set how many this process may have, and whatever it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def usual() -> int:
    """How many a program may have that this process does not start as part of a cluster."""
    return _raised[0] if _raised else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Allow as many as this process can get within the block, and as many as before after it."""
    with _lock:
        before = usual()
        _raised.append(before)
        if _number(before) < most():
            allow(most())
    try:
        yield
    finally:
        with _lock:
            _raised.pop()
            if not _raised:
                allow(before)


def _number(limit: int) -> int:
    return MOST if limit == resource.RLIM_INFINITY else limit
