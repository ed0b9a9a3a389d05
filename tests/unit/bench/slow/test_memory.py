"""How much memory a program takes, from what its runs read."""

from __future__ import annotations

from dataclasses import replace

from testbed.bench.slow.memory import memory_of
from testbed.bench.slow.samples import Sample, Samples, Variant
from testbed.orders.timed import LARGER, MEMORY, WHOLE
from testbed.verdict.device_memory import DeviceMemory
from tests.unit.bench.slow.runs import Times

MIB = 2**20
# The runs of `Times` have 64 rows on 2 replicas, so 3 times as many are 64 more for each.
MORE = 64


def samples_of(*devices: DeviceMemory, larger: tuple[int, ...] = (MORE,) * 3) -> Samples:
    """Runs whose workers read this memory, and in each round with 3 times the rows so many MiB
    more."""
    samples = Times(workers=(1.0, 1.0)).samples()

    def reading(name: str, grown: int) -> Sample:
        report = samples.all(name)[0].reports[0]
        memory = tuple(replace(each, peak=each.peak + grown * MIB) for each in devices)
        return Sample((replace(report, memory=memory),) * 2)

    changed = dict(samples.of)
    for name in (WHOLE, MEMORY, LARGER):
        more = larger if name == LARGER else (0, 0, 0)
        variant = Variant(samples.deployment, name)
        changed[variant] = [reading(name, grown) for grown in more]
    return replace(samples, of=changed)


def test_what_a_row_takes_says_how_many_fit() -> None:
    """1 MiB a row: 32 rows are there, and 1000 MiB of the logical device are left."""
    gpu = DeviceMemory("GPU:0", 0, 24 * MIB, limit=1024 * MIB, total=4096 * MIB)
    first, second = memory_of(samples_of(gpu))
    assert (first.worker, first.device, first.peak, first.most) == (0, "GPU:0", 24 * MIB, 2**30)
    assert (first.row, first.rows) == (MIB, 1032)
    assert second == replace(first, worker=1)


def test_workers_share_the_memory_of_the_machine() -> None:
    """Two processes fill what is free together, so each may have half as many rows more."""
    process = DeviceMemory("CPU", 24 * MIB, 24 * MIB, total=4096 * MIB, free=1000 * MIB)
    first, _ = memory_of(samples_of(process))
    assert (first.most, first.row, first.rows) == (1024 * MIB, MIB, 532)


def test_a_card_without_a_limit_is_taken_whole() -> None:
    """The driver reports its size; without a driver it is unknown how much would fit."""
    card = DeviceMemory("GPU:0", 0, 96 * MIB, total=4096 * MIB, free=0)
    assert memory_of(samples_of(card))[0].rows == 4032
    unknown = memory_of(samples_of(replace(card, total=None, free=None)))[0]
    assert (unknown.most, unknown.row, unknown.rows) == (None, MIB, None)


def test_noise_is_no_row() -> None:
    """Where a run with 3 times the rows takes hardly more, nothing is said of a row."""
    gpu = DeviceMemory("GPU:0", 0, 24 * MIB, limit=1024 * MIB)
    found = memory_of(samples_of(gpu, larger=(64, 3, 64)))[0]
    assert (found.row, found.rows) == (None, None)
    assert memory_of(samples_of(gpu, larger=()))[0].row is None


def test_without_readings_nothing_is_said() -> None:
    """A worker that could not read its memory has no line."""
    assert memory_of(samples_of()) == ()
