"""Plans which set-ups a benchmark visits, and how often."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from testbed.bench.figures.scaling import doubling
from testbed.bench.request import MODEL, WEIGHT, BenchRequest
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
from testbed.bench.visits import BenchSetup
from testbed.catalogue.discovery import WAYS, find_scripts, read_scripts, scenario_folder
from testbed.catalogue.scenario import Case, Scenario
from testbed.catalogue.selection import Selection
from testbed.cli.options.bench import OWN_COST, PARTS
from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.launcher.machine.machine import usable_cores

PROGRAMS = Path(__file__).parent / "programs"
COLLECTIVES, LAUNCH = "collectives.collectives", "all_reduce.once"
HELLO = "hello.main"
"""Not a scenario, but a program that is started like a user's program."""

# Default limit of workers and replicas: more takes long, and few hosts have room for it.
MOST = 8

QUICK_WAYS = ("returned", "module_global")
# 4 B measures only the cost of a call. 1 MiB also measures the cost of moving the weight.
WEIGHT_ELEMENTS = (1, 2**18)


def fitted(request: BenchRequest, devices: Devices) -> BenchRequest:
    """Fill in the numbers that the request leaves open, from the machine.

    Raises:
        TooFewDevicesError: the machine has no GPU, or fewer than requested.
    """
    # Ranks of one machine may share a GPU.
    gpus = {gpu for host in devices.hosts for gpu in host}
    capacity = usable_cores() if request.device == "cpu" else len(gpus)
    # All devices, but at least two replicas except on GPUs: one would not show how things break.
    most = max(capacity, 1 if request.device == "gpu" else 2)
    workers = request.workers or (1 if request.device == "split-gpu" else min(most, MOST))
    replicas = request.replicas or min(most, MOST)
    for asked in (Cluster(workers, 1), Cluster(1, replicas)):
        devices.require(Deployment("multi_worker_mirrored", asked))
    return replace(request, capacity=capacity, workers=workers, replicas=replicas)


def selection_of() -> Selection:
    """Select the catalogue and the benchmark's programs, from which set-ups are made."""
    names = (WEIGHT, MODEL, COLLECTIVES, LAUNCH)
    programs = [PROGRAMS / f"{name.partition('.')[0]}.py" for name in names]
    scripts, problems = read_scripts([*programs, *find_scripts(scenario_folder())])
    return Selection(tuple(scripts), (), tuple(problems))


def plan(request: BenchRequest, selection: Selection) -> list[BenchSetup]:
    """All set-ups of the requested parts, in the order of the tables."""
    makers = {"sharing": _sharing, "scaling": _scaling, "wire": _wire, "own_cost": _own_cost}
    return [
        setup
        for part in PARTS
        if part in request.parts
        for setup in makers[part](request, selection)
    ]


def _workers(count: int) -> Deployment:
    return Deployment("multi_worker_mirrored", Cluster(count, 1))


def pair(request: BenchRequest) -> list[Deployment]:
    """The two representative deployments: replicas of one worker, and several workers."""
    return [
        Deployment("mirrored", Cluster(1, request.replicas)),
        _workers(request.workers),
    ]


def _sharing(request: BenchRequest, selection: Selection) -> list[BenchSetup]:
    deployments = pair(request)
    if not request.quick:
        deployments = [Deployment("default", Cluster()), *deployments]
        if request.device == "cpu":
            both = Cluster(request.workers, request.replicas)
            deployments.append(Deployment("multi_worker_mirrored", both))
    cases = [
        case
        for counter in _counters(selection, QUICK_WAYS if request.quick else None)
        for case in counter.cases(deployments)
        if case.mode == "function" and case.site != "in_replica"
    ]
    weights = _weights(deployments, WEIGHT_ELEMENTS[-1:] if request.quick else WEIGHT_ELEMENTS)
    return [*weights, *(SharingSetup("sharing", case) for case in cases)]


def _weights(deployments: Sequence[Deployment], elements: Sequence[int]) -> list[BenchSetup]:
    return [
        SharingSetup("sharing", Case(WEIGHT, site, "function", deployment), {"elements": count})
        for count in elements
        for site in ("outside_scope", "in_scope")
        for deployment in deployments
    ]


def _counters(selection: Selection, names: Container[str] | None) -> Iterator[Scenario]:
    """The counter of each way of sharing; only of the named ways, if any are named."""
    for script in selection.scripts:
        if script.group == WAYS and (names is None or script.name in names):
            yield from (made for made in script.scenarios if made.name == "counter")


def _scaling(request: BenchRequest, _: Selection) -> list[BenchSetup]:
    deployments = [Deployment("mirrored", Cluster(1, n)) for n in doubling(request.replicas)]
    deployments += [_workers(count) for count in doubling(request.workers)]
    programs: Sequence[tuple[str, dict[str, int]]] = (
        (WEIGHT, {"elements": 1}),
        (MODEL, request.sizes),
    )
    return [
        StepSetup(
            "scaling", Case(program, "in_scope", "function", deployment), sizes, one_thread=True
        )
        for program, sizes in programs
        for deployment in deployments
    ]


def _wire(request: BenchRequest, _: Selection) -> list[BenchSetup]:
    effort = request.effort
    sizes = {"bytes": effort.sizes, "calls": effort.calls, "bytes_timed": effort.bytes_timed}
    setups: list[BenchSetup] = []
    for deployment in pair(request):
        known = ["AUTO"]
        if deployment.strategy == "multi_worker_mirrored" and not request.quick:
            known.append("RING")
        if request.device == "gpu":
            known.append("NCCL")
        case = Case(COLLECTIVES, "in_scope", "function", deployment)
        setups.append(CollectiveSetup("wire", case, {**sizes, "implementations": known}))
    return setups


def _own_cost(request: BenchRequest, _: Selection) -> list[BenchSetup]:
    mirrored, workers = (
        Case(MODEL, "in_scope", "function", deployment) for deployment in pair(request)
    )
    return [
        InterleavedSetup(OWN_COST, mirrored, request.sizes, as_run=True),
        StepSetup(OWN_COST, workers, request.sizes, as_run=True),
        # New interpreters take seconds, which is too long for a quick benchmark.
        *(_launches() if not request.quick and request.device == "cpu" else ()),
    ]


def _launches() -> Iterator[LaunchSetup]:
    for count in (2, 4):
        case = Case(LAUNCH, "in_scope", "eager", _workers(count))
        yield from (way(OWN_COST, case) for way in (LaunchSetup, BareFork, FreshLaunch))
    case = Case(HELLO, "in_scope", "eager", _workers(2))
    yield from (way(OWN_COST, case) for way in (HelloLaunch, HelloByHand))
