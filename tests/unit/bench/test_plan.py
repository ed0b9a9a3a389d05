"""Which set-ups a benchmark visits."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.bench.plan import HELLO, MOST, fitted, plan, selection_of
from testbed.bench.request import MODEL, WEIGHT, BenchRequest
from testbed.catalogue.discovery import WAYS
from testbed.cli.options.bench import PARTS
from testbed.cluster.devices import Devices
from testbed.errors import UsageError
from tests.unit.bench.builders import request_of

SELECTION = selection_of()


def deployments(request: BenchRequest) -> list[str]:
    return [str(setup.case.deployment) for setup in plan(request, SELECTION)]


def test_every_script_is_read() -> None:
    """The catalogue and the benchmark's programs can all be read."""
    assert SELECTION.problems == ()


@pytest.mark.parametrize("quick", [True, False])
def test_every_part_has_set_ups(quick: bool) -> None:
    """Each part is measured, in the order of the list, and each set-up is another one."""
    setups = plan(request_of(*PARTS, quick=quick), SELECTION)
    assert list(dict.fromkeys(setup.part for setup in setups)) == list(PARTS)
    seen = Counter((s.kind, s.case, str(s.sizes)) for s in setups)
    assert max(seen.values()) == 1


def test_only_the_parts_that_are_asked_for() -> None:
    """A part that is not named is not measured."""
    assert {setup.part for setup in plan(request_of("wire"), SELECTION)} == {"wire"}


def test_every_way_that_has_a_counter_is_measured() -> None:
    """A thorough benchmark leaves out no way of sharing, outside the scope and in it."""
    ways = {
        script.name
        for script in SELECTION.scripts
        if script.group == WAYS and any(made.name == "counter" for made in script.scenarios)
    }
    setups = plan(request_of("sharing"), SELECTION)
    for site in ("outside_scope", "in_scope"):
        measured = {s.case.script for s in setups if s.case.site == site}
        assert ways <= measured
    assert len(ways) >= 11


def test_a_variable_stands_beside_the_same_one_mirrored() -> None:
    """The row that everybody wants has its other half, for every size and deployment."""
    setups = plan(request_of("sharing", quick=True), SELECTION)
    sites = Counter(
        (str(s.sizes), str(s.case.deployment)) for s in setups if s.case.scenario == WEIGHT
    )
    assert set(sites.values()) == {2}


def test_scaling_goes_from_one_to_what_is_there() -> None:
    """1, 2, 4 replicas of one worker, and 1, 2 workers, for the bare step and the model."""
    request = request_of("scaling", capacity=4, replicas=4, workers=2)
    expected = [
        "mirrored-1",
        "mirrored-2",
        "mirrored-4",
        "multi_worker_mirrored-1x1",
        "multi_worker_mirrored-2x1",
    ]
    assert deployments(request) == expected * 2
    programs = dict.fromkeys(setup.case.scenario for setup in plan(request, SELECTION))
    assert list(programs) == [WEIGHT, MODEL]


@pytest.mark.parametrize(("device", "nccl"), [("cpu", False), ("gpu", True)])
def test_nccl_is_measured_on_gpus(device: str, nccl: bool) -> None:
    """NCCL needs GPUs; AUTO and RING are measured anywhere between workers."""
    setups = plan(request_of("wire", device=device), SELECTION)
    known = {str(s.case.deployment): s.sizes["implementations"] for s in setups}
    assert known["mirrored-2"] == ["AUTO", *["NCCL"] * nccl]
    assert known["multi_worker_mirrored-2x1"] == ["AUTO", "RING", *["NCCL"] * nccl]


def asked(device: str = "cpu", workers: int = 0, replicas: int = 0) -> BenchRequest:
    return request_of(device=device, capacity=1, workers=workers, replicas=replicas)


def test_a_machine_s_own_numbers_are_taken() -> None:
    """Without numbers the largest clusters are those that the GPUs allow, up to MOST."""
    found = fitted(asked("gpu"), Devices("gpu", tuple(str(gpu) for gpu in range(4))))
    assert (found.capacity, found.workers, found.replicas) == (4, 4, 4)
    many = fitted(asked("gpu"), Devices("gpu", tuple(str(gpu) for gpu in range(16))))
    assert (many.capacity, many.workers, many.replicas) == (16, MOST, MOST)


def test_numbers_that_are_asked_for_are_kept() -> None:
    """On CPUs more replicas than cores can be had; the efficiency then says why it is none."""
    found = fitted(asked("cpu", workers=3, replicas=100), Devices())
    assert (found.workers, found.replicas) == (3, 100)


@pytest.mark.parametrize("gpus", [(), ("0",)])
def test_more_gpus_than_there_are_is_one_line(gpus: tuple[str, ...]) -> None:
    """What is needed, what was found, and what to do instead."""
    with pytest.raises(UsageError, match=r"needs 2 GPUs, found .; use the device cpu, or fewer"):
        fitted(asked("gpu", workers=2, replicas=2), Devices("gpu", gpus))


def test_no_gpu_at_all_is_one_line() -> None:
    """Without a GPU nothing can be measured on GPUs, whatever is asked for."""
    with pytest.raises(UsageError, match="needs 1 GPU, found 0"):
        fitted(asked("gpu"), Devices("gpu", ()))


@pytest.mark.parametrize(
    ("quick", "device", "ways"),
    [
        (False, "cpu", ["own_cost-testbed_launch", "own_cost-by_hand"]),
        (True, "cpu", []),
        (False, "gpu", []),
    ],
)
def test_a_program_is_launched_and_started_by_hand(
    quick: bool, device: str, ways: list[str]
) -> None:
    """Two workers, both ways, in every round; a quick benchmark has no time for interpreters."""
    setups = plan(request_of("own_cost", quick=quick, device=device, workers=8), SELECTION)
    found = [setup for setup in setups if setup.case.scenario == HELLO]
    assert [setup.kind for setup in found] == ways
    assert {setup.case.workers for setup in found} <= {2}
