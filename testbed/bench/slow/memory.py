"""How much memory a program takes, and how large its batches may become."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from testbed.bench.slow.record import RecordedMemory
from testbed.bench.slow.samples import Samples
from testbed.orders.timed import LARGER, MEMORY, TIMES_LARGER, WHOLE
from testbed.verdict.device_memory import HOST, DeviceMemory

# Peaks of processes differ from run to run by a few MiB that no row takes.
_NOISE = 2**24


def memory_of(samples: Samples) -> tuple[RecordedMemory, ...]:
    """The memory of each GPU of each worker, or without GPUs of each worker's process."""
    return tuple(
        _of_device(samples, worker, device)
        for worker, report in enumerate(samples.all(WHOLE)[0].reports)
        for device in (each.device for each in report.memory or ())
    )


def _of_device(samples: Samples, worker: int, device: str) -> RecordedMemory:
    whole = list(_readings(samples, WHOLE, worker, device))
    peak = max(each.peak for each in whole)
    most = whole[0].most
    each_row = _each_row(samples, worker, device)
    if each_row is None:
        return RecordedMemory(worker, device, peak, most, row=None, rows=None)
    rows = None
    if most is not None:
        room = max(0, most - peak) / _sharing(samples, device)
        rows = int(_rows(samples) + room / each_row)
    return RecordedMemory(worker, device, peak, most, int(each_row), rows)


def _each_row(samples: Samples, worker: int, device: str) -> float | None:
    """The bytes that a further row of each replica takes; None where it does not show."""
    once = _readings(samples, MEMORY, worker, device)
    larger = _readings(samples, LARGER, worker, device)
    more = (TIMES_LARGER - 1) * _rows(samples)
    grown = [b.peak - a.peak for a, b in zip(once, larger, strict=False)]
    if not grown or not more or min(grown) < _NOISE:
        return None
    return statistics.median(grown) / more


def _readings(samples: Samples, name: str, worker: int, device: str) -> Iterator[DeviceMemory]:
    """What a worker read of a device at the end of each run of a variant."""
    for sample in samples.all(name):
        for each in sample.reports[worker].memory or ():
            if each.device == device:
                yield each


def _rows(samples: Samples) -> float:
    """The rows of a replica's batch; 0 if unknown."""
    return samples.first.rows / samples.deployment.cluster.replicas


def _sharing(samples: Samples, device: str) -> int:
    """How many workers share the memory of a device: all of them share that of the machine."""
    return samples.deployment.cluster.workers if device == HOST else 1
