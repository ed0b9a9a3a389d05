"""What the machine does while it is measured, and the most that it can do."""

from __future__ import annotations

import ctypes
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from testbed.bench.figures.statistics import percentile

_WORK = bytes(2**20)
_WORK_TIMES = 8
_COPY_BYTES = 2**25
_COPY_TIMES = 4


@dataclass
class Host:
    """Looks at the machine once a round, with work that is always the same."""

    cores: int
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    """Processes that wanted to run, in the last minute before the benchmark began."""
    work: list[float] = field(default_factory=list)
    """Seconds that the same piece of work took, once a round."""
    copies: list[float] = field(default_factory=list)
    """Bytes per second that all cores together copied within memory, once a round."""
    _stolen_before: tuple[int, int] = field(default_factory=lambda: _cpu_time())

    def look(self) -> None:
        """Do the work, and copy."""
        self.work.append(_seconds_of_work())
        self.copies.append(_copy_bandwidth(self.cores))

    @property
    def unsteadiness(self) -> float:
        """How far the slowest rounds of the same work are from the fastest, as a share."""
        return percentile(self.work, 0.9) / percentile(self.work, 0.1) - 1

    @property
    def stolen(self) -> float:
        """The share of processor time that the machine's host gave to other machines since."""
        stolen, total = _cpu_time()
        stolen, total = stolen - self._stolen_before[0], total - self._stolen_before[1]
        return stolen / total if total else 0.0


def _seconds_of_work() -> float:
    began = time.perf_counter()
    for _ in range(_WORK_TIMES):
        hashlib.sha256(_WORK)
    return time.perf_counter() - began


def _copy_bandwidth(threads: int) -> float:
    """Bytes per second of memmove by so many threads; ctypes lets go of Python's lock for it."""
    buffers = [
        (ctypes.create_string_buffer(_COPY_BYTES), ctypes.create_string_buffer(_COPY_BYTES))
        for _ in range(threads)
    ]

    def copy(pair: tuple[ctypes.Array[ctypes.c_char], ctypes.Array[ctypes.c_char]]) -> None:
        for _ in range(_COPY_TIMES):
            ctypes.memmove(*pair, _COPY_BYTES)

    with ThreadPoolExecutor(threads) as pool:
        # Once for the pages that are not there yet.
        list(pool.map(copy, buffers))
        began = time.perf_counter()
        list(pool.map(copy, buffers))
        return threads * _COPY_TIMES * _COPY_BYTES / (time.perf_counter() - began)


def _cpu_time() -> tuple[int, int]:
    """Stolen and all processor time since the machine started, in ticks."""
    try:
        first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    except OSError:
        return 0, 0
    ticks = [int(each) for each in first.split()[1:]]
    return (ticks[7] if len(ticks) > 7 else 0), sum(ticks[:8])
