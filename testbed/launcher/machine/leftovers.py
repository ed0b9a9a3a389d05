"""Finds and ends processes that an earlier run left, by the run's mark and never by name."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import LaunchError
from testbed.launcher.run_folder import is_running

RUN_MARK = "TESTBED_RUN"
"""The variable in the environment of a run's server and workers; its value is the run's folder."""

END_DEADLINE_S = 10.0


@dataclass(frozen=True)
class Leftover:
    """A process that still runs, and the folder of the run that started it."""

    pid: int
    run: Path


def processes_of(run: Path | None = None) -> list[Leftover]:
    """All processes of this user that belong to a run, or to any run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        marked = _mark_of(int(entry.name))
        if marked and (run is None or marked == run):
            found.append(Leftover(int(entry.name), marked))
    return found


def leftovers() -> dict[Path, list[int]]:
    """The processes of runs that have ended, or whose launching process has died, by run."""
    found: dict[Path, list[int]] = {}
    for process in processes_of():
        # If a shell that a worker left started this process, it has the mark, but is no leftover.
        if process.pid != os.getpid():
            found.setdefault(process.run, []).append(process.pid)
    return {run: pids for run, pids in sorted(found.items()) if not is_running(run)}


def end(run: Path) -> int:
    """SIGKILL every process of a run, wait until they are gone, and return how many there were.

    Raises:
        LaunchError: some still exist after END_DEADLINE_S.
    """
    deadline = time.monotonic() + END_DEADLINE_S
    ended = 0
    # The next round finds processes that are forked during this one.
    while pids := [each.pid for each in processes_of(run) if each.pid != os.getpid()]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise LaunchError(
                f"processes of run {run.name} are still there after {END_DEADLINE_S:.0f} s:"
                f" {', '.join(map(str, pids))}; the kernel holds them, as in a driver that hangs"
            )
        ended += _end_once(pids, run, left)
    return ended


def _end_once(pids: Sequence[int], run: Path, seconds: float) -> int:
    waits = select.poll()
    waiting = set()
    with contextlib.ExitStack() as opened:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                fd = os.pidfd_open(pid)
                opened.callback(os.close, fd)
                # The pid may have been reused since it was listed. From here on that cannot
                # happen: both the mark and the signal are those of the pidfd's process.
                if _mark_of(pid) == run:
                    signal.pidfd_send_signal(fd, signal.SIGKILL)
                    waits.register(fd, select.POLLIN)
                    waiting.add(fd)
        killed = len(waiting)
        deadline = time.monotonic() + seconds
        while waiting and (left := deadline - time.monotonic()) > 0:
            for fd, _ in waits.poll(left * 1000):
                waits.unregister(fd)
                waiting.discard(fd)
        return killed - len(waiting)


def _mark_of(pid: int) -> Path | None:
    """The run of a process; None for a process without a mark, or of another user.

    Root may read and end the processes of all users. But any user chooses the mark of their
    processes, also of one that becomes root's, as su does: so only this user's processes count.
    """
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        if users_of(Path(f"/proc/{pid}/status").read_text(errors="replace")) != {os.geteuid()}:
            return None
    except OSError:
        # It ended in between, or belongs to another user.
        return None
    for entry in environment.split(b"\0"):
        name, _, value = entry.partition(b"=")
        if name == RUN_MARK.encode() and value.startswith(b"/"):
            return Path(os.fsdecode(value))
    return None


def users_of(status: str) -> set[int]:
    """The real, effective, saved and file system users in a process's /proc/PID/status."""
    lines = [line for line in status.splitlines() if line.startswith("Uid:")]
    return {int(user) for line in lines for user in line.split()[1:]}
