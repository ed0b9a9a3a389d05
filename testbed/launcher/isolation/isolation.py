"""Isolates a run in network and process namespaces, where the kernel allows them.

TensorFlow's server listens on every interface and requires no credentials. In a network namespace
that has only loopback, no other host can reach it. When the first process of a process namespace
ends, the kernel kills all other processes in it, grandchildren included.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed.cluster.isolation_levels import NONE
from testbed.launcher.isolation import kernel
from testbed.launcher.machine import process_tree

_ONLY_NETWORK = kernel.CLONE_NEWNET
_WORKS = "works"
_WHOLE = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID


@dataclass(frozen=True)
class Isolation:
    """The namespaces that a run has."""

    network: bool = False
    processes: bool = False
    why: str = ""
    """Why one is missing: `turned off`, or the kernel's error."""

    @property
    def notice(self) -> str:
        """A warning for the user where other machines can reach the run; else empty."""
        if self.network:
            return ""
        return f"not isolated ({self.why}): other machines can reach clusters of several workers"

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def enter(wanted: str) -> Isolation:
    """Move this process, which may have only one thread, into new namespaces.

    Each set of namespaces is tried first in a child process that then ends, since a half-made move
    cannot be undone. With a process namespace, the code after this call runs as its first process;
    the calling process stays outside as its keeper, only waits for it, and never returns.

    Args:
        wanted: one of LEVELS; the caller must check `required`.
    """
    if wanted == NONE:
        return Isolation(why="turned off")
    refused = _refusal(_WHOLE)
    if not refused:
        _move(_WHOLE)
        return Isolation(network=True, processes=True)
    if not _refusal(_ONLY_NETWORK):
        _move(_ONLY_NETWORK)
        return Isolation(network=True, why=refused)
    return Isolation(why=refused)


def _refusal(flags: int) -> str:
    """Why a move into such namespaces fails here; empty where it works."""

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        result = "it failed"
        try:
            _move(flags)
            result = _WORKS
        except OSError as problem:
            result = problem.strerror or str(problem)
        finally:
            os.write(writing, result.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as answer:
        result = answer.read()
    os.waitpid(pid, 0)
    return "" if result == _WORKS else result


def _move(flags: int) -> None:
    """Move this process to new namespaces, and set them up.

    Raises:
        OSError: the kernel allows only a part of it, or nothing.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        kernel.unshare(flags)
    except PermissionError:
        # A user other than root may do it as the owner of a user namespace.
        kernel.unshare(flags | kernel.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    kernel.set_link("lo", up=True)
    if flags & kernel.CLONE_NEWPID:
        _become_first()
        kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_PRIVATE)
        safe = kernel.MS_NOSUID | kernel.MS_NODEV
        kernel.mount("proc", "/proc", "proc", safe | kernel.MS_NOEXEC)
        if Path("/dev/shm").is_dir():
            # The namespace's end frees shared memory that a killed worker cannot remove.
            kernel.mount("tmpfs", "/dev/shm", "tmpfs", safe)


def _become_first() -> None:
    """Continue as the first process of a new process namespace; the old process waits for it."""
    alive, keeping = os.pipe()
    pid = os.fork()
    if pid:
        _keep(pid, keeping)
    os.close(keeping)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    # getppid() is 0 here whether or not the keeper lives; the end of its pipe shows its death.
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    os.close(alive)


def _keep(pid: int, keeping: int) -> None:
    """Close all but the pipe, wait for the first process, and end with its status."""
    with contextlib.suppress(OSError):
        process_tree.die_with_parent(os.getppid())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(3, keeping)
    os.closerange(keeping + 1, os.sysconf("SC_OPEN_MAX"))
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)


def main(wanted: str, arguments: list[str]) -> None:
    """Run Python with these arguments in new namespaces; for processes that are not workers."""
    enter(wanted)
    os.execv(sys.executable, [sys.executable, *arguments])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
