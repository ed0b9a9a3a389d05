"""Measures the set-ups of a benchmark in rounds, on one server."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testbed.bench.host import Host
from testbed.bench.plan import fitted, plan, selection_of
from testbed.bench.request import BenchRequest
from testbed.bench.visits import BenchSetup, Visit, Visitor
from testbed.launcher.run_folder import RunFolder
from testbed.orders.case import MEASURE_CASE
from testbed.orders.devices import DeviceReport
from testbed.report.output.observer import Observer
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.scenario import keep_scripts
from testbed.run.servers import find_devices, inspect, open_server


class Progress(Observer):
    """Receives the progress of a benchmark."""

    def planned(self, setups: Sequence[BenchSetup], rounds: int) -> None:
        """The plan is ready: each set-up gets a pilot, then one visit in each round."""

    def visited(self, setup: BenchSetup, round_number: int) -> None:
        """One visit is done; round 0 means the pilots."""


@dataclass(frozen=True)
class Rounds:
    """What the rounds of a benchmark measured."""

    request: BenchRequest
    """The request, with the clusters that fit this machine."""
    setups: Sequence[BenchSetup]
    visits: Mapping[int, Sequence[Visit]]
    """The visits of each set-up, by its place in `setups`."""
    versions: DeviceReport
    imported: float
    """Seconds until the server had imported TensorFlow."""


async def measured(
    request: BenchRequest, folder: RunFolder, progress: Progress, host: Host
) -> Rounds:
    """Open a server, and visit every set-up of the plan in every round.

    Raises:
        LaunchError: a set-up cannot be measured here.
        UsageError: the request needs more GPUs than the machine has.
    """
    selection, started = selection_of(), time.monotonic()
    options = Options(
        device=request.device,
        python=request.python,
        isolation=request.isolation,
        rank=request.rank,
    )
    async with open_server(
        folder,
        fresh=False,
        python=request.python,
        module=MEASURE_CASE.module,
        exact=False,
        isolation=request.isolation,
        rank=request.rank,
    ) as server:
        progress.opened(server.isolation)
        imported = time.monotonic() - started
        devices = await find_devices(server, options, folder)
        versions = await inspect(server, folder, fresh=False)
        keep_scripts(selection, folder)
        case_run = CaseRun(server, devices, options, folder.case("pilot"), progress, folder)
        request = fitted(request, devices)
        setups = plan(request, selection)
        progress.planned(setups, request.effort.rounds)
        async with Visitor(case_run, selection, folder, request.effort) as visitor:
            visits = await _rounds(setups, request.effort.rounds, visitor, host, progress)
    return Rounds(request, setups, visits, versions, imported)


async def _rounds(
    setups: Sequence[BenchSetup], rounds: int, visitor: Visitor, host: Host, progress: Progress
) -> dict[int, list[Visit]]:
    """Visit every set-up in every round, each round in another order.

    So a slow period of the machine affects all set-ups alike, and no set-up always runs after the
    same other one.
    """
    visits: dict[int, list[Visit]] = {place: [] for place in range(len(setups))}
    for setup in setups:
        await setup.pilot(visitor)
        progress.visited(setup, 0)
    for number in range(1, rounds + 1):
        host.look()
        order = list(range(len(setups)))
        random.Random(number).shuffle(order)
        for place in order:
            visits[place].append(await setups[place].visit(visitor))
            progress.visited(setups[place], number)
    return visits
