"""From what workers measured to rows of figures, with numbers that can be checked by hand."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from testbed.bench.evaluate import rows_of
from testbed.bench.plan import COLLECTIVES, HELLO, LAUNCH
from testbed.bench.request import MODEL, WEIGHT
from testbed.bench.setups import (
    BareFork,
    CollectiveSetup,
    FreshLaunch,
    HelloByHand,
    HelloLaunch,
    InterleavedSetup,
    LaunchSetup,
    SharingSetup,
    StepSetup,
)
from testbed.bench.visits import BenchSetup, Visit
from testbed.catalogue.scenario import Case
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.errors import LaunchError
from tests.unit.bench.builders import SIZES, request_of

PARTS = defaultdict(
    lambda: "own_cost",
    {SharingSetup: "sharing", StepSetup: "scaling", CollectiveSetup: "wire"},
)


def setup_of(
    kind: type[BenchSetup] = SharingSetup,
    program: str = WEIGHT,
    workers: int = 1,
    replicas: int = 2,
    sizes: dict[str, Any] | None = None,
    **more: Any,
) -> BenchSetup:
    strategy = "multi_worker_mirrored" if workers > 1 else "mirrored"
    case = Case(program, "in_scope", "function", Deployment(strategy, Cluster(workers, replicas)))
    return kind(PARTS[kind], case, sizes or {"elements": 1}, **more)


def worker_of(*steps: float, **more: Any) -> dict[str, Any]:
    """What a worker of the sharing part reports."""
    return {
        "steps": list(steps),
        "traces": 1,
        "retraces": 0,
        "moved": 4,
        "per_call": 16,
        "reads": {"seconds": [0.001, 0.001, 0.004]},
        "writes": {"seconds": [0.016]},
        "devices": {"CPU:0": 4, "CPU:1": 8},
        "proportional": 100,
        **more,
    }


def test_percentiles_are_of_all_workers_and_figures_of_all_rounds() -> None:
    """A round's median is that of both workers' steps, a figure the median of the rounds."""
    setup = setup_of(workers=2)
    visits = [
        Visit([worker_of(1.0, 1.0), worker_of(3.0, 3.0)]),
        Visit([worker_of(4.0, 4.0), worker_of(4.0, 4.0)]),
        Visit([worker_of(5.0, 5.0), worker_of(5.0, 5.0)]),
    ]
    (row,) = rows_of([setup], {0: visits}, request_of())
    assert row.figures["step_p50"].rounds == (2.0, 4.0, 5.0)
    assert row.figures["step_p50"].value == 4.0


def test_reads_and_writes_are_a_second() -> None:
    """16 reads in 1 ms are 16,000 a second; 16 writes in 16 ms are 1,000."""
    (row,) = rows_of([setup_of()], {0: [Visit([worker_of(1.0)])]}, request_of())
    assert row.figures["reads"].value == pytest.approx(16_000)
    assert row.figures["writes"].value == pytest.approx(1_000)


def test_memory_is_that_of_the_largest() -> None:
    """Of devices and of processes the one counts that needs most."""
    visit = Visit([worker_of(1.0), worker_of(1.0, proportional=300)])
    (row,) = rows_of([setup_of()], {0: [visit]}, request_of())
    assert row.figures["device_memory"].value == 8
    assert row.figures["process_memory"].value == 300


def test_what_is_not_known_has_a_reason() -> None:
    """A tensor of unknown size makes no figure, and the row says why."""
    visit = Visit([worker_of(1.0, moved=None)])
    (row,) = rows_of([setup_of()], {0: [visit]}, request_of())
    assert "moved" not in row.figures
    assert row.lacking["moved"]


def scaling(capacity: int) -> list[Any]:
    setups = [setup_of(StepSetup, MODEL, replicas=count, sizes=SIZES) for count in (1, 2, 4)]
    # 16 examples a replica: 1600 a second alone, 1600 by two, 6400 by four.
    seconds = (0.01, 0.02, 0.01)
    visits = {place: [Visit([{"steps": [each]}])] for place, each in enumerate(seconds)}
    return rows_of(setups, visits, request_of(capacity=capacity, replicas=4))


def test_efficiency_is_against_one_replica_of_the_same_strategy() -> None:
    """Two replicas that do together what one does are 50 % efficient."""
    rows = scaling(capacity=4)
    assert [row.figures["examples"].value for row in rows] == pytest.approx([1600, 1600, 6400])
    assert [row.figures["efficiency"].value for row in rows] == pytest.approx([1.0, 0.5, 1.0])


def test_replicas_that_take_turns_have_no_efficiency() -> None:
    """More replicas than cores: the reason stands where the number would mislead."""
    last = scaling(capacity=2)[-1]
    assert "efficiency" not in last.figures
    assert last.lacking["efficiency"] == "4 replicas on 2 cores: they take turns"


def collective_of(size: int, *seconds: float, right: bool = True) -> dict[str, Any]:
    facts = {"collective": "all_reduce", "implementation": "RING", "size": size}
    return {"all_reduce": {**facts, "seconds": list(seconds), "right": right}, "proportional": 1}


def test_a_collective_is_over_when_it_is_over_everywhere() -> None:
    """The slower worker's median counts: 4 MB in 4 ms among 4 ranks, 1 GB/s, 1.5 on the bus."""
    setup = setup_of(CollectiveSetup, COLLECTIVES, workers=2)
    visit = Visit([collective_of(4_000_000, 0.001), collective_of(4_000_000, 0.004, 0.003, 0.009)])
    (row,) = rows_of([setup], {0: [visit]}, request_of())
    assert row.sizes == {"collective": "all_reduce", "implementation": "RING", "bytes": 4_000_000}
    assert row.figures["time"].value == 0.004
    assert row.figures["algbw"].value == pytest.approx(1e9)
    assert row.figures["busbw"].value == pytest.approx(1.5e9)


def test_a_wrong_sum_has_no_bandwidth() -> None:
    """A collective that gives a wrong result on any worker ends the benchmark, by name."""
    setup = setup_of(CollectiveSetup, COLLECTIVES, workers=2)
    visit = Visit([collective_of(4, 0.001), collective_of(4, 0.001, right=False)])
    with pytest.raises(LaunchError, match=r"all_reduce of .* gave a wrong result"):
        rows_of([setup], {0: [visit]}, request_of())


def test_start_up_is_split_by_phase() -> None:
    """Each phase is the time since the one before it; the ratio is taken round by round."""
    phases = {"forked": 0.01, "joining": 0.02, "bound": 0.06, "joined": 0.16}
    inside = {"first_trace": 0.3, "first_step": 0.2, "steps": [0.0202]}
    setup = setup_of(InterleavedSetup, MODEL, sizes=SIZES, as_run=True)
    visit = Visit([inside], phases, alone=[0.02, 0.02])
    (row,) = rows_of([setup], {0: [visit]}, request_of())
    found = {name: figure.value for name, figure in row.figures.items()}
    assert found == pytest.approx(
        {
            "fork": 0.01,
            "bind": 0.05,
            "strategy": 0.1,
            "first_trace": 0.3,
            "first_step": 0.2,
            "in_testbed": 0.0202,
            "alone": 0.02,
            "ratio": 1.01,
        }
    )


def test_launches_are_held_against_their_limit() -> None:
    """0.11 s against 0.10 s in a bare loop, round by round: 1.1 times the limit."""
    ways = (LaunchSetup, BareFork, FreshLaunch)
    setups = [setup_of(way, LAUNCH, workers=2) for way in ways]
    taken = ((0.11, 0.22), (0.10, 0.20), (1.0, 2.0))
    visits = {
        place: [Visit([], seconds=each) for each in rounds] for place, rounds in enumerate(taken)
    }
    (row,) = rows_of(setups, visits, request_of())
    found = {name: figure.rounds for name, figure in row.figures.items()}
    assert found["launch"] == (0.11, 0.22)
    assert found["bare_fork"] == (0.10, 0.20)
    assert found["fresh"] == (1.0, 2.0)
    assert found["over_limit"] == pytest.approx((1.1, 1.1))


def test_a_program_is_held_against_the_same_by_hand() -> None:
    """3.3 s against 3.0 s by hand, and 2 s against 4 s: 1.1 and 0.5 times as long, in one row."""
    setups = [setup_of(way, HELLO, workers=2) for way in (HelloLaunch, HelloByHand)]
    # A launch of a case on the same cluster has a row of its own.
    setups += [setup_of(way, LAUNCH, workers=2) for way in (LaunchSetup, BareFork)]
    taken = ((3.3, 2.0), (3.0, 4.0), (9.0, 9.0), (9.0, 9.0))
    visits = {
        place: [Visit([], seconds=each) for each in rounds] for place, rounds in enumerate(taken)
    }
    row, _ = rows_of(setups, visits, request_of())
    found = {name: figure.rounds for name, figure in row.figures.items()}
    assert found.pop("over_hand") == pytest.approx((1.1, 0.5))
    assert found == {"testbed_launch": (3.3, 2.0), "by_hand": (3.0, 4.0)}
