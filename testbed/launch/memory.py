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
