"""Computes how many workers this machine can run at once, and names the limit.

A cluster that is too large would fail in the middle, or stop other processes, so it is rejected
before anything starts. The least that a worker needs was measured on TensorFlow 2.21, Python 3.11,
CPU, 2 cores, with an all-reduce over MultiWorkerMirroredStrategy. A worker needs more where its
model does, and where there are more cores.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import UsageError
from testbed.launcher.machine import descriptors
from testbed.launcher.machine.control_groups import control_groups, number_in
from testbed.launcher.machine.memory import available

MIB = 2**20

FORKED_MIB, FRESH_MIB = 64.0, 200.0
"""Unshared memory of a worker: 71 to 85 forked, and 260 in a new interpreter (measured)."""
REPLICA_MIB = 0.7
"""For each replica but the first: 0.7 up to 64 replicas, 1.6 up to 1,000 (measured)."""
THREADS = 100
"""114 on 1 core, 115 on 2 (measured), and one more for each replica but the first."""

DESCRIPTORS = 2
"""A worker's channel and its port, both in the launching process."""
OWN_DESCRIPTORS = 24
"""The launching process's descriptors: event loop, server, files that it writes and shows."""

_CAN_PASS_LIMITS = 1 << 24 | 1 << 21
"""CAP_SYS_RESOURCE and CAP_SYS_ADMIN: RLIMIT_NPROC does not apply to their owner."""


@dataclass(frozen=True)
class Limit:
    """A limit on how many workers can run at once."""

    most: int
    """The most workers that fit."""
    why: str


def limit_of(replicas: int = 1, *, fresh: bool = False) -> Limit:
    """Find the limit that allows the fewest workers.

    Args:
        replicas: the replicas of each worker.
        fresh: whether each is a new interpreter.
    """
    limits = [_memory(replicas, fresh=fresh), _descriptors(), *_processes(replicas)]
    return min(limits, key=lambda limit: limit.most)


def require_room(
    asked: str, workers: int, replicas: int = 1, *, beside: int = 0, fresh: bool = False
) -> None:
    """Reject more workers than this machine can run at once.

    Args:
        asked: the requested size, as the user typed it.
        workers: how many would run at once.
        replicas, fresh: as for `limit_of`.
        beside: how many other processes would run with them.

    Raises:
        UsageError: names the limit, and the most that fit.
    """
    limit = limit_of(replicas, fresh=fresh)
    most = max(0, limit.most - beside)
    if workers <= most:
        return
    if most or replicas == 1:
        fitting = f"at most {most} worker{'s' * (most != 1)}"
        fitting += f" of {replicas} replicas" * (replicas > 1)
    else:
        most = _most_replicas(workers + beside, replicas, fresh=fresh)
        fitting = f"at most {most} replica{'s' * (most != 1)} a worker"
        limit = limit_of(most + 1, fresh=fresh)
    raise UsageError(f"{asked}: {fitting} fit this machine at once: {limit.why}")


def _most_replicas(workers: int, too_many: int, *, fresh: bool) -> int:
    """The most replicas a worker with which so many workers fit."""
    least = 0
    while too_many - least > 1:
        middle = (least + too_many) // 2
        if limit_of(middle, fresh=fresh).most >= workers:
            least = middle
        else:
            too_many = middle
    return least


def _memory(replicas: int, *, fresh: bool) -> Limit:
    each = (FRESH_MIB if fresh else FORKED_MIB) + REPLICA_MIB * (replicas - 1)
    there = available() / MIB
    return Limit(
        int(there / each),
        f"{there / 1024:.1f} GiB of memory are available, and a worker takes {each:.0f} MiB"
        " or more",
    )


def _descriptors() -> Limit:
    there = descriptors.most()
    taken = descriptors.in_use() + OWN_DESCRIPTORS
    return Limit(
        max(0, (there - taken) // DESCRIPTORS),
        f"a process may have {there} open files (ulimit -n), needs some {taken} for itself, and"
        f" {DESCRIPTORS} for each worker",
    )


def _processes(replicas: int) -> Iterator[Limit]:
    threads = THREADS + replicas - 1
    for name, most, used in _task_limits():
        room = max(0, most - used)
        yield Limit(
            room // threads,
            f"{name} is {most}, which leaves room for {room} processes and threads, and a worker"
            f" has {threads} or more",
        )


def _task_limits() -> Iterator[tuple[str, int, int]]:
    """Yield the name of each task limit, the limit, and the number of tasks now."""
    everywhere = _tasks_of_the_machine()
    for name in ("pid_max", "threads-max"):
        most = number_in(Path("/proc/sys/kernel") / name)
        if most is not None:
            yield f"kernel.{name}", most, everywhere
    for folder in (*control_groups(), *control_groups("pids")):
        most, used = number_in(folder / "pids.max"), number_in(folder / "pids.current")
        if most is not None and used is not None:
            yield f"pids.max of the control group {folder.name}", most, used
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and os.getuid() and not _passes_limits():
        yield "ulimit -u", soft, _tasks_of_this_user()


def _tasks_of_the_machine() -> int:
    # `0.20 0.18 0.12 1/80 11206`: one of 80 threads runs.
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])


def _passes_limits() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) & _CAN_PASS_LIMITS)
    return False


def _tasks_of_this_user() -> int:
    """The number of threads in all visible processes of this user."""
    threads = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                # The command in parentheses may hold spaces, so count from behind it.
                threads += int((entry / "stat").read_text().rpartition(")")[2].split()[17])
        except OSError:
            # The process has ended in between.
            continue
    return threads
