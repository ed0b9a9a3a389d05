"""Every doubt is raised by what it is about, and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from testbed.bench.doubts import CAUSES, doubts_of
from testbed.bench.figures.figure import Row
from testbed.bench.host import Host
from testbed.bench.request import BenchRequest
from testbed.launcher.machine.cpu_times import CpuTimes
from tests.unit.bench.builders import calm_host, request_of, row_of

STEADY = row_of(rounds={"step_p50": [1e-3] * 10})

# A broadcast at 20 GB/s where memory is copied at 8.
BROADCAST = row_of(
    "wire",
    sizes={"collective": "broadcast", "implementation": "AUTO", "bytes": 2**24},
    rounds={"busbw": [2e10] * 10},
)


@dataclass
class Doubtful:
    """One way to be doubtful; everything else is in order."""

    name: str
    rows: Sequence[Row] = (STEADY,)
    outliers: float = 0.0
    host: Host = field(default_factory=calm_host)
    governor: str | None = "performance"
    request: BenchRequest = field(default_factory=request_of)
    environment: Mapping[str, str] = field(default_factory=dict)


def host_with(**changes: object) -> Host:
    return replace(calm_host(), **changes)  # type: ignore[arg-type]


FULL_FLOAT32 = {"NVIDIA_TF32_OVERRIDE": "0"}

CASES = (
    Doubtful("few_rounds", request=request_of(quick=True)),
    Doubtful("busy_machine", host=host_with(load_before=1.0)),
    Doubtful("unsteady_machine", host=host_with(work=[0.01, 0.01, 0.013])),
    Doubtful("stolen_time", host=host_with(_before=CpuTimes(0, -(10**9), 0))),
    Doubtful("frequency_scaling", governor="powersave"),
    Doubtful(
        "wide_interval", rows=[row_of(rounds={"step_p50": [1e-3, 2e-3, 1e-3, 2e-3, 1e-3] * 2})]
    ),
    Doubtful("drift", rows=[row_of(rounds={"step_p50": [1e-3] * 5 + [1.2e-3] * 5})]),
    Doubtful("outliers", outliers=0.05),
    Doubtful("oversubscribed", request=request_of(replicas=4)),
    Doubtful("no_copy", rows=[STEADY, BROADCAST]),
    Doubtful("split_gpu", request=request_of(device="split-gpu"), environment=FULL_FLOAT32),
    Doubtful("tf32", request=request_of(device="gpu")),
)


def doubted(case: Doubtful) -> list[str]:
    found = doubts_of(
        case.rows, case.outliers, case.host, case.governor, case.request, case.environment
    )
    return [doubt.name for doubt in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_doubt_is_raised(case: Doubtful) -> None:
    """What is doubtful is doubted."""
    # A drift of this size makes the interval wide as well.
    assert [name for name in doubted(case) if name != "wide_interval" or case.name == name] == [
        case.name
    ]


@pytest.mark.parametrize(
    ("asked", "observed"),
    [
        (
            {"replicas": 2, "workers": 1},
            "2 replicas share one GPU: the wire figures are of copies within it, not of the wire"
            " between GPUs",
        ),
        (
            {"replicas": 1, "workers": 3, "capacity": 2, "parts": ("scaling",)},
            "2 replicas share one GPU",
        ),
        (
            {"replicas": 1, "workers": 2, "capacity": 2},
            "a logical device with a memory limit stands for each GPU",
        ),
    ],
)
def test_what_is_measured_on_a_split_gpu_is_named(asked: dict[str, Any], observed: str) -> None:
    """How many replicas share a GPU, and that their wire is no wire."""
    given = {"device": "split-gpu", "replicas": 1, "parts": ("wire",), **asked}
    request = replace(request_of(), **given)
    doubts = doubts_of([STEADY], 0.0, calm_host(), None, request, FULL_FLOAT32)
    assert [doubt.observation for doubt in doubts if doubt.name == "split_gpu"] == [observed]


def test_calm_is_not_doubted() -> None:
    """Where all is in order, nothing is said."""
    assert doubted(Doubtful("")) == []


def test_every_doubt_is_tested() -> None:
    """The closed list, and the cases above, are one list."""
    assert [case.name for case in CASES] == list(CAUSES)


def test_a_doubt_says_what_to_do() -> None:
    """Each has what was observed, why that can mislead, and a next step."""
    (doubt,) = doubts_of([STEADY], 0.05, calm_host(), None, request_of(), {})
    assert doubt.observation == "5.0% of the steps took far longer than the rest"
    assert doubt.cause
    assert doubt.next_step


def test_a_governor_that_is_not_known_is_not_doubted() -> None:
    """A virtual machine does not say how its clock is set."""
    assert doubted(Doubtful("", governor=None)) == []


def test_the_host_is_looked_at_for_real() -> None:
    """A look takes time for the work, and copies at a speed that memory has."""
    host = Host(cores=2)
    host.look()
    host.look()
    assert all(seconds > 0 for seconds in host.work)
    assert all(1e8 < rate < 1e13 for rate in host.copies)
    assert host.unsteadiness >= 0
    assert 0 <= host.stolen <= 1
