"""How much memory a process takes."""

from __future__ import annotations

from pathlib import Path


def memory_of_process() -> dict[str, int]:
    """Bytes of this process: `proportional` (what it shares, divided by who shares it), `peak`.

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
    """How many processes the kernel's out-of-memory killer has ended, by the counter's file."""
    found = {}
    for file in ("/proc/vmstat", *_cgroup_counters()):
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("oom_kill "):
                found[file] = int(line.split()[1])
    return found


def _cgroup_counters() -> list[str]:
    """The counters of this process's own control group, of version 2 and of version 1."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files.append(f"/sys/fs/cgroup{path}/memory.events")
        elif "memory" in controllers.split(","):
            files.append(f"/sys/fs/cgroup/memory{path}/memory.oom_control")
    return files
