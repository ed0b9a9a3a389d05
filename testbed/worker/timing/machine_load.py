"""Measures how many cores of the machine are busy, with all its processes."""

from __future__ import annotations

import os
import time

from testbed.launcher.machine.cpu_times import CpuTimes, cpu_times


class MachineLoad:
    """The mean number of busy cores since the last start.

    A container that may use only some of the cores sees the whole machine, so nothing is known.
    """

    def __init__(self) -> None:
        self._is_whole = hasattr(os, "sched_getaffinity") and (
            len(os.sched_getaffinity(0)) == os.cpu_count()
        )
        self._began = 0.0
        self._before: CpuTimes | None = None

    def start(self) -> None:
        """Measure from here."""
        self._began, self._before = time.monotonic(), cpu_times()

    @property
    def cores(self) -> float:
        """How many cores were busy; 0 if unknown."""
        before, now = self._before, cpu_times()
        if not self._is_whole or before is None or now is None:
            return 0.0
        worked = (now.busy - before.busy) / os.sysconf("SC_CLK_TCK")
        return worked / (time.monotonic() - self._began)
