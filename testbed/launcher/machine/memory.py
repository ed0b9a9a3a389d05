"""Measures a process's memory, the available memory, and out-of-memory kills."""

from __future__ import annotations

from pathlib import Path

from testbed.launcher.machine.control_groups import control_groups, number_in


def memory_of_process() -> dict[str, int]:
    """Bytes of this process: `proportional` (shared pages divided by their users), and `peak`.

    A worker forked from a preloaded server shares most of TensorFlow with it, so that the
    resident size would count the same pages again in every worker.
    """
    return {
        "proportional": _kilobytes("/proc/self/smaps_rollup", "Pss:") * 1024,
        "peak": _kilobytes("/proc/self/status", "VmHWM:") * 1024,
    }


def _kilobytes(file: str, name: str) -> int:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def oom_kills() -> dict[str, int]:
    """How many processes the out-of-memory killer has ended, by the counter's file."""
    found = {}
    for file in (Path("/proc/vmstat"), *_cgroup_counters()):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("oom_kill "):
                found[str(file)] = int(line.split()[1])
    return found


def _cgroup_counters() -> list[Path]:
    """The counters of this process's control group, of version 2 and of version 1."""
    two, one = control_groups(), control_groups("memory")
    return [folder / "memory.events" for folder in two[:1]] + [
        folder / "memory.oom_control" for folder in one[:1]
    ]


def available() -> int:
    """Bytes that processes may still take: the least of machine, swap included, and control groups.

    This is the kernel's estimate, which counts files that it can drop from memory as available.
    """
    room = 1024 * (
        _kilobytes("/proc/meminfo", "MemAvailable:") + _kilobytes("/proc/meminfo", "SwapFree:")
    )
    rooms = [
        _room_of(folder, "memory.max", "memory.current", "") for folder in control_groups()
    ] + [
        _room_of(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
        for folder in control_groups("memory")
    ]
    return min([room, *(each for each in rooms if each is not None)])


def _room_of(folder: Path, limit: str, usage: str, prefix: str) -> int | None:
    """Bytes that a control group may still take; None where it has no limit."""
    most, used = number_in(folder / limit), number_in(folder / usage)
    if most is None or used is None:
        return None
    try:
        lines = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    counted = dict(line.split(" ", 1) for line in lines if " " in line)
    files = sum(int(counted.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
    return max(0, most - used + files)
