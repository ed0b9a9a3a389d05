"""A network and processes of a run's own: namespaces of the kernel, where it allows them.

TensorFlow's server listens on every interface and asks nobody for credentials. In a network
namespace that has only loopback, nobody outside can reach it. In a process namespace the kernel
kills everything, grandchildren included, when the first process of it ends.
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

from testbed.launcher.isolation import kernel
from testbed.launcher.machine import process_tree

AUTO, REQUIRED, NONE = "auto", "required", "none"
CHOICES = (AUTO, REQUIRED, NONE)

_ONLY_NETWORK = kernel.CLONE_NEWNET
_WORKS = "works"
_WHOLE = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID


@dataclass(frozen=True)
class Isolation:
    """What a run has of its own."""

    network: bool = False
    processes: bool = False
    why: str = ""
    """Why it has less than both: `turned off`, or what the kernel said."""

    @property
    def notice(self) -> str:
        """What a user must know where others can get in; nothing where they cannot."""
        if self.network:
            return ""
        return f"not isolated ({self.why}): other machines can reach clusters of several workers"

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def enter(wanted: str) -> Isolation:
    """Move this process, which may have one thread only, into namespaces of its own.

    Each set of namespaces is tried in a process that is thrown away, since a half-made move cannot
    be taken back. Where there is a process namespace, what goes on from here is its first process;
    the one that called stays outside as its keeper, does nothing but wait, and never returns.

    Args:
        wanted: one of CHOICES; `required` is the caller's to check.
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
    """Why a move into such namespaces does not work here; nothing where it does."""

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = "it failed"
        try:
            _move(flags)
            told = _WORKS
        except OSError as problem:
            told = problem.strerror or str(problem)
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as answer:
        told = answer.read()
    os.waitpid(pid, 0)
    return "" if told == _WORKS else told


def _move(flags: int) -> None:
    """Leave this process's namespaces for new ones, and make them usable.

    Raises:
        OSError: the kernel allows a part of it only, or nothing.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        kernel.unshare(flags)
    except PermissionError:
        # Who is not root may do it as the owner of a user namespace.
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
            # Shared memory that a killed worker cannot remove goes with the namespace.
            kernel.mount("tmpfs", "/dev/shm", "tmpfs", safe)


def _become_first() -> None:
    """Go on as the first process of a new process namespace; the old process waits for it."""
    alive, keeping = os.pipe()
    pid = os.fork()
    if pid:
        _keep(pid, keeping)
    os.close(keeping)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    # getppid() is 0 here whether or not the keeper lives; the end of its pipe tells.
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    os.close(alive)


def _keep(pid: int, keeping: int) -> None:
    """Hold nothing but the pipe, wait for the first process, and end as it did."""
    with contextlib.suppress(OSError):
        process_tree.die_with_parent(os.getppid())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.closerange(3, keeping)
    os.closerange(keeping + 1, os.sysconf("SC_OPEN_MAX"))
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)


def main(wanted: str, arguments: list[str]) -> None:
    """Run Python with these arguments in namespaces of its own; for what is no worker."""
    enter(wanted)
    os.execv(sys.executable, [sys.executable, *arguments])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
