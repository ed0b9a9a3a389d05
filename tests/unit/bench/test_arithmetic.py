"""Bandwidth and efficiency against values that were computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.bench.figures.scaling import doubling, efficiency, examples_per_second
from testbed.bench.figures.wire import algbw, busbw, link_of, message_bytes
from testbed.launcher.machine.gpus import Gpu


def test_algbw_is_message_by_time() -> None:
    """4 MB in 2 ms are 2 GB/s."""
    assert algbw(4_000_000, 0.002) == 2e9


@pytest.mark.parametrize(
    ("collective", "ranks", "expected"),
    [
        # 4 MB in 2 ms, 2 GB/s: times 2 * 1 / 2, 2 * 3 / 4, 2 * 7 / 8.
        ("all_reduce", 2, 2.0e9),
        ("all_reduce", 4, 3.0e9),
        ("all_reduce", 8, 3.5e9),
        # Times 1 / 2 and 3 / 4.
        ("all_gather", 2, 1.0e9),
        ("all_gather", 4, 1.5e9),
        ("broadcast", 2, 2.0e9),
        ("broadcast", 8, 2.0e9),
        ("all_reduce", 1, 0.0),
    ],
)
def test_busbw_is_what_a_rank_has_to_move(collective: str, ranks: int, expected: float) -> None:
    """The bus factors are those of nccl-tests."""
    assert busbw(collective, 4_000_000, ranks, 0.002) == pytest.approx(expected)


def test_the_message_of_all_gather_is_what_everybody_gets() -> None:
    """Four ranks that put in 1 KiB each have 4 KiB in the end; in the others 1 KiB stays."""
    assert message_bytes("all_gather", 1024, 4) == 4096
    assert message_bytes("all_reduce", 1024, 4) == 1024
    assert message_bytes("broadcast", 1024, 4) == 1024


def test_examples_of_all_replicas_count() -> None:
    """16 examples on each of 4 replicas in 20 ms are 3200 a second."""
    assert examples_per_second(16, 4, 0.020) == pytest.approx(3200.0)


@pytest.mark.parametrize(
    ("examples", "replicas", "expected"),
    [(1000.0, 1, 1.0), (2000.0, 2, 1.0), (1500.0, 2, 0.75), (1000.0, 4, 0.25)],
)
def test_efficiency_is_against_one_replica(examples: float, replicas: int, expected: float) -> None:
    """One replica does 1000 a second; two that do 1500 are 75 % efficient."""
    assert efficiency(examples, replicas, 1000.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("most", "expected"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])]
)
def test_scaling_doubles_up_to_what_is_there(most: int, expected: list[int]) -> None:
    """1, 2, 4, ..., and the largest itself, once."""
    assert doubling(most) == expected


def test_the_slowest_link_is_the_limit() -> None:
    """NVLink where there is one, else 16 lanes of PCIe 4: 31.5 GB/s; nothing without a GPU."""
    a100 = Gpu("NVIDIA A100", "550.54", 40960, 4, 16, None)
    linked = [replace(a100, nvlink_gb_s=speed) for speed in (50.0, 25.0)]
    assert link_of(linked) == (25e9, "NVLink")
    assert link_of([a100]) == (1.969e9 * 16, "PCIe")
    assert link_of([]) is None


def test_a_link_that_is_not_known_is_no_limit() -> None:
    """Where NVML does not know a link, the memory's figure stands there instead."""
    assert link_of([Gpu("A GPU", "550.54", 40960, None, None, None)]) is None
