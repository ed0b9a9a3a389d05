"""Raises the limit on this process's descriptors while clusters run, but not for their workers.

A launching process holds two for each worker: its channel, and its port. Many systems allow 1,024
at first, and far more on request. A worker gets the limit of a program that is started by hand,
since some programs (those that call select) rely on it.
"""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

MOST = 2**17
"""Two for each possible port. Some programs close every number up to the limit."""

_lock = threading.Lock()
_raised: list[int] = []
"""The original limit, once for each block that has raised it."""


def most() -> int:
    """The most descriptors that this process can have after raising its limit."""
    soft, hard = map(_number, resource.getrlimit(resource.RLIMIT_NOFILE))
    return max(soft, min(hard, MOST))


def in_use() -> int:
    """How many descriptors this process has now."""
    return len(list(Path("/proc/self/fd").iterdir()))


def allow(number: int) -> None:
    """Set the limit of this process and of the processes that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def usual() -> int:
    """The limit for programs that are not part of a cluster: the one before any raise."""
    return _raised[0] if _raised else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Raise the limit as far as possible within the block, and restore it after."""
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
