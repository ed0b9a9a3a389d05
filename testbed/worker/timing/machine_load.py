"""Measures how many cores of the machine are busy, with all its processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STAT = Path("/proc/stat")


class MachineLoad:
    """The mean number of busy cores since the last start.

    A container that may use only some of the cores sees the whole machine, so nothing is known.
    """

    def __init__(self) -> None:
        self._is_known = hasattr(os, "sched_getaffinity") and (
            len(os.sched_getaffinity(0)) == os.cpu_count()
        )
        self._begin, self._worked = 0.0, 0.0

    def start(self) -> None:
        """Measure from here."""
        self._begin, self._worked = time.monotonic(), self._busy_seconds()

    @property
    def cores(self) -> float:
        """How many cores were busy; 0 if unknown."""
        passed = time.monotonic() - self._begin
        worked = self._busy_seconds() - self._worked
        return max(0.0, worked / passed) if self._is_known and self._begin else 0.0

    def _busy_seconds(self) -> float:
        """CPU time of all processes, as the kernel has counted it since it started."""
        try:
            words = _STAT.read_text().split(maxsplit=9)
            user, nice, system, _, _, interrupts, soft, stolen = map(int, words[1:9])
        except (OSError, ValueError):
            self._is_known = False
            return 0.0
        ticks = user + nice + system + interrupts + soft + stolen
        return ticks / os.sysconf("SC_CLK_TCK")
