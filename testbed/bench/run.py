"""Runs a benchmark: plan, pilots, rounds, rows, doubts."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from testbed.bench.doubts import doubts_of
from testbed.bench.evaluate import outliers_of, rows_of
from testbed.bench.figures.figure import Row, figure
from testbed.bench.host import Host
from testbed.bench.plan import fitted, plan, selection_of
from testbed.bench.record import BenchRecord
from testbed.bench.request import BenchRequest
from testbed.bench.visits import BenchSetup, Visit, Visitor
from testbed.launcher.machine.environment import without_secrets
from testbed.launcher.machine.machine import describe_machine, usable_cores
from testbed.launcher.run_folder import RunFolder
from testbed.orders.case import MEASURE_CASE
from testbed.report.output.observer import Observer
from testbed.report.records.header import versions_of
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.runner import utc_now
from testbed.run.scenario import keep_scripts
from testbed.run.servers import find_devices, inspect, open_server

# Environment variables that affect the speed of TensorFlow.
_TUNES = re.compile(r"^(TF|XLA|NCCL|OMP|MKL|OPENBLAS|CUDA|KMP|GRPC)_")


class Progress(Observer):
    """Receives the progress of a benchmark."""

    def planned(self, setups: Sequence[BenchSetup], rounds: int) -> None:
        """The plan is ready: each set-up gets a pilot, then one visit in each round."""

    def visited(self, setup: BenchSetup, round_number: int) -> None:
        """One visit is done; round 0 means the pilots."""


async def bench(
    request: BenchRequest, folder: RunFolder, progress: Progress, command: Sequence[str]
) -> BenchRecord:
    """Run the requested benchmark.

    Raises:
        LaunchError: a set-up cannot be measured here.
        UsageError: the request needs more GPUs than the machine has.
    """
    began, started = utc_now(), time.monotonic()
    selection, host = selection_of(), Host(usable_cores())
    options = Options(device=request.device, isolation=request.isolation, rank=request.rank)
    async with open_server(
        folder,
        fresh=False,
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
    rows = [_with_import(row, imported) for row in rows_of(setups, visits, request)]
    machine = describe_machine()
    return BenchRecord(
        run=folder.id,
        began=began,
        seconds=round(time.monotonic() - started, 3),
        command=tuple(command),
        device=request.device,
        quick=request.quick,
        rounds=request.effort.rounds,
        versions=versions_of(asdict(versions)),
        machine=machine,
        environment=tuning(os.environ),
        work=figure(host.work),
        copy_bandwidth=figure(host.copies),
        rows=tuple(rows),
        doubts=tuple(doubts_of(rows, outliers_of(visits), host, machine.governor, request)),
    )


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


def _with_import(row: Row, seconds: float) -> Row:
    """Add the time of importing TensorFlow, which happens once a run: its figure has one round."""
    if "fork" in row.figures:
        row.figures["import"] = figure([seconds])
    return row


def tuning(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that affect TensorFlow's speed, without secrets."""
    named = {name: value for name, value in environment.items() if _TUNES.match(name)}
    return without_secrets(named)
