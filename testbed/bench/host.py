"""Observes the machine during a benchmark: load, steadiness, copy bandwidth, stolen time."""

from __future__ import annotations

import ctypes
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from testbed.bench.figures.statistics import percentile
from testbed.launcher.machine.cpu_times import CpuTimes, cpu_times

_WORK = bytes(2**20)
_WORK_TIMES = 8
_COPY_BYTES = 2**25
_COPY_TIMES = 4


@dataclass
class Host:
    """Samples the machine once a round, with a fixed piece of work."""

    cores: int
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    """Mean number of runnable processes in the minute before the benchmark began."""
    work: list[float] = field(default_factory=list)
    """Seconds of the fixed piece of work, once a round."""
    copies: list[float] = field(default_factory=list)
    """Bytes per second that all cores together copied in memory, once a round."""
    _before: CpuTimes | None = field(default_factory=cpu_times)

    def look(self) -> None:
        """Time the fixed work and the copies, and store both."""
        self.work.append(_seconds_of_work())
        self.copies.append(_copy_bandwidth(self.cores))

    @property
    def unsteadiness(self) -> float:
        """How much longer the slowest rounds of the work took than the fastest, as a share."""
        return percentile(self.work, 0.9) / percentile(self.work, 0.1) - 1

    @property
    def stolen(self) -> float:
        """The share of processor time that the hypervisor gave to other guests since the start."""
        before, now = self._before, cpu_times()
        if before is None or now is None or now.total == before.total:
            return 0.0
        return (now.stolen - before.stolen) / (now.total - before.total)


def _seconds_of_work() -> float:
    began = time.perf_counter()
    for _ in range(_WORK_TIMES):
        hashlib.sha256(_WORK)
    return time.perf_counter() - began


def _copy_bandwidth(threads: int) -> float:
    """Bytes per second of memmove in several threads; ctypes releases the GIL during a call."""
    buffers = [
        (ctypes.create_string_buffer(_COPY_BYTES), ctypes.create_string_buffer(_COPY_BYTES))
        for _ in range(threads)
    ]

    def copy(pair: tuple[ctypes.Array[ctypes.c_char], ctypes.Array[ctypes.c_char]]) -> None:
        for _ in range(_COPY_TIMES):
            ctypes.memmove(*pair, _COPY_BYTES)

    with ThreadPoolExecutor(threads) as pool:
        # First once without timing, so that all pages are mapped.
        list(pool.map(copy, buffers))
        began = time.perf_counter()
        list(pool.map(copy, buffers))
        return threads * _COPY_TIMES * _COPY_BYTES / (time.perf_counter() - began)
