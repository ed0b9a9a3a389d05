"""Process trees: end all processes of a tree, and die with the parent."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from testbed.launcher.isolation import kernel

EACH_S = 0.02
"""Seconds that the kernel may need for each of many ending processes, to free their memory."""


def adopt_orphans() -> None:
    """Become the parent of every descendant whose parent has died, so that none escapes."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends in any way."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def children() -> list[int]:
    """The direct children of this process, adopted ones included."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return [int(pid) for pid in listing.read_text().split()]
    except OSError:
        return [pid for pid in _processes() if _parent_of(pid) == os.getpid()]


def session_of(pid: int) -> int | None:
    """The session that a process belongs to, or None when it is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def kill(pids: Iterable[int]) -> None:
    """SIGKILL each process; a process that is gone already is no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def end_children(pids: Iterable[int], seconds: float) -> None:
    """SIGKILL children of this process, and wait until they are gone or the time is over.

    A process that the kernel holds in a driver cannot be killed; it must not block the caller. This
    takes one descriptor, however many the children are.
    """
    ending = list(pids)
    kill(ending)
    deadline = time.monotonic() + seconds
    for pid in ending:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            _wait_for_end(pid, deadline - time.monotonic())
            os.waitpid(pid, os.WNOHANG)


def _wait_for_end(pid: int, seconds: float) -> None:
    fd = os.pidfd_open(pid)
    try:
        waits = select.poll()
        waits.register(fd, select.POLLIN)
        waits.poll(max(0.0, seconds) * 1000)
    finally:
        os.close(fd)


def kill_group(leader: int) -> None:
    """SIGKILL a process and its group; TensorFlow ignores SIGTERM, so only this is certain."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def kill_worker(pid: int) -> None:
    """SIGKILL a child of this process and its group, which a new child does not lead yet."""
    kill([pid])
    kill_group(pid)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent_of(pid: int) -> int | None:
    try:
        # The command in parentheses may hold spaces, so count from behind it.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
