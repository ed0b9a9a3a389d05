"""Reads a worker's activity from /proc: CPU time, states of its threads, steps begun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed.launcher.cluster.step_count import Steps, steps_of

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Activity:
    """The activity of a worker and its descendants so far."""

    cpu: float
    """Seconds of CPU time, including processes that have ended."""
    busy: tuple[str, ...]
    """The threads that run, or wait for a CPU or a disk. A thread of a waiting process is rarely
    among them, and seldom in two looks: its heartbeats take no time."""
    stopped: bool
    """Whether a signal or a debugger has stopped the worker."""
    steps: Steps | None = None
    """The steps that its program has begun; None where they are not counted."""

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)


def activity_of(pid: int) -> Activity | None:
    """The activity of a process and its descendants; None where the process is gone."""
    cpu, stopped = 0.0, False
    busy = []
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        own = _stat(Path(f"/proc/{process}/stat"))
        if not own and process == pid:
            return None
        if own:
            # utime, stime, and those of children that were collected.
            cpu += sum(map(int, own[11:15])) / _TICKS
            stopped = stopped or (process == pid and own[0] in "Tt")
        for task in _tasks(process):
            if _stat(task / "stat")[:1] in (["R"], ["D"]):
                busy.append(task.name)
            waiting += _children(task)
    return Activity(cpu, tuple(busy), stopped, steps_of(pid))


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal; without one the signal would end it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def holds_open(pid: int, file: str) -> bool:
    """Whether a process has a file open."""
    try:
        wanted = Path(file).stat()
        return any(_is_file(each, wanted) for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _is_file(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except OSError:
        return False


def _tasks(pid: int) -> Iterator[Path]:
    try:
        yield from Path(f"/proc/{pid}/task").iterdir()
    except OSError:
        return


def _children(task: Path) -> list[int]:
    try:
        return [int(child) for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _stat(file: Path) -> list[str]:
    """The fields of a stat file, starting with the state; empty where the file is gone."""
    try:
        # The name in parentheses may hold spaces, so the fields are counted from behind it.
        return file.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
