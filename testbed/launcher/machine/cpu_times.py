"""Reads how long the processors of the machine have worked since it started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")


@dataclass(frozen=True)
class CpuTimes:
    """Processor time of all cores since the machine started, in ticks of SC_CLK_TCK."""

    busy: int
    """Spent by processes, interrupts and, of a guest, by its host for other guests."""
    stolen: int
    """Spent by its host for other guests."""
    total: int
    """With the time in which a core was idle, or waited for a disk."""


def cpu_times() -> CpuTimes | None:
    """The processor times until now; None where the kernel does not show them."""
    try:
        first = _STAT.read_text(encoding="utf-8").splitlines()[0]
        user, nice, system, idle, waiting, *rest = map(int, first.split()[1:9])
    except (OSError, ValueError, IndexError):
        return None
    stolen = rest[2] if len(rest) > 2 else 0
    busy = user + nice + system + sum(rest)
    return CpuTimes(busy, stolen, busy + idle + waiting)
