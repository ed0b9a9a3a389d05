"""Small benchmarks for the tests to look at."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from testbed.bench.doubts import Doubt
from testbed.bench.figures.figure import Row, figure
from testbed.bench.host import Host
from testbed.bench.plan import HELLO
from testbed.bench.record import BenchRecord
from testbed.bench.request import MODEL, QUICK, THOROUGH, WEIGHT, BenchRequest
from testbed.report.records.header import Versions
from tests.unit.builders import MACHINE

NONE: dict[str, Sequence[float]] = {}
SIZES = {"batch": 16, "width": 32, "image": 32}


def request_of(
    *parts: str,
    quick: bool = False,
    device: str = "cpu",
    capacity: int = 2,
    workers: int = 2,
    replicas: int = 2,
) -> BenchRequest:
    effort = QUICK if quick else THOROUGH
    return BenchRequest(
        parts, effort, quick, device, SIZES, capacity, workers=workers, replicas=replicas
    )


def row_of(
    part: str = "sharing",
    program: str = WEIGHT,
    site: str = "in_scope",
    deployment: str = "mirrored-2",
    workers: int = 1,
    replicas: int = 2,
    sizes: dict[str, Any] | None = None,
    rounds: Mapping[str, Sequence[float]] = NONE,
) -> Row:
    return Row(
        part=part,
        case=f"{program}[{site},function]@{deployment}",
        program=program,
        site=site,
        mode="function",
        strategy=deployment.partition("-")[0],
        workers=workers,
        replicas=replicas,
        sizes={"elements": 1} if sizes is None else sizes,
        figures={name: figure(values) for name, values in rounds.items()},
    )


def record_of(*rows: Row, work: Sequence[float] = (0.01, 0.01), **more: Any) -> BenchRecord:
    plain = BenchRecord(
        run="20260101-000000-abcd",
        began="2026-01-01T00:00:00+00:00",
        seconds=12.5,
        command=("bench", "--quick"),
        device="cpu",
        quick=True,
        rounds=3,
        versions=Versions("0", "3.11", "2.21", "3.15"),
        machine=MACHINE,
        environment={"TF_NUM_INTEROP_THREADS": "8"},
        work=figure(work),
        copy_bandwidth=figure([8e9, 9e9]),
        rows=rows,
        doubts=(Doubt("few_rounds", "3 rounds", "why", "next"),),
    )
    return replace(plain, **more)


def noisy(middle: float, rounds: int, seed: int, noise: float = 0.1) -> list[float]:
    """Rounds around a value, as a machine with this much noise gives them."""
    chance = random.Random(seed)
    return [middle * chance.lognormvariate(0.0, noise) for _ in range(rounds)]


def every_part() -> BenchRecord:
    """A record with rows of every part."""
    steps = dict.fromkeys(("step_p50", "step_p90", "step_p99"), (0.001, 0.0011, 0.0009))
    accesses = {"reads": (2e4, 2.1e4), "writes": (1e3, 1.2e3), "moved": (4.0, 4.0)}
    slower = {**steps, "step_p50": (2e-3, 2.2e-3, 1.8e-3)}
    one = {"step_p50": (1e-3,), "efficiency": (1.0,)}
    two = {"step_p50": (2e-3, 2.1e-3), "efficiency": (0.5, 0.45)}
    wire = {"time": (1e-3, 1.1e-3), "algbw": (4e6, 3.9e6), "busbw": (4e6, 3.9e6)}
    own = {"fork": (0.01, 0.02), "ratio": (1.01, 0.99), "in_testbed": (0.02,), "alone": (0.02,)}
    collective = {"collective": "all_reduce", "implementation": "AUTO"}
    return record_of(
        row_of(site="outside_scope", rounds={**steps, **accesses}),
        row_of(rounds={**slower, **accesses}),
        row_of("scaling", deployment="mirrored-1", replicas=1, rounds=one),
        row_of("scaling", rounds=two),
        row_of("wire", sizes={**collective, "bytes": 4096}, rounds=wire),
        row_of("wire", sizes={**collective, "bytes": 4194304}, rounds=wire),
        row_of("own_cost", MODEL, sizes=SIZES, rounds=own),
    )


def hello_row() -> Row:
    """A small program that takes 3.3 and 2.7 s under testbed launch, and 3 s by hand."""
    seconds = {"testbed_launch": (3.3, 2.7), "by_hand": (3.0, 3.0), "over_hand": (1.1, 0.9)}
    deployment = "multi_worker_mirrored-2x1"
    return row_of("own_cost", HELLO, "in_scope", deployment, 2, 1, sizes={}, rounds=seconds)


def calm_host(cores: int = 2) -> Host:
    """A machine on which nothing else happens."""
    host = Host(cores, load_before=0.0)
    host.work += [0.01, 0.0101, 0.01]
    host.copies += [8e9, 8e9, 8e9]
    return host
