"""`testbed launch`: run somebody's own program as a cluster on this machine."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from testbed.case_run import Options
from testbed.cluster import Cluster
from testbed.commands.run import deadlines_of, interruptible
from testbed.devices import Devices
from testbed.errors import UsageError
from testbed.launcher.run_folder import RUNS, RunFolder, new_run_folder
from testbed.launcher.worker_process import WorkerProcess
from testbed.program_run import MODULE, STRATEGY, Program, ProgramEnd, run_program
from testbed.report.console import FOLLOW_INTERVAL_S
from testbed.report.follow import Follower
from testbed.report.text import console
from testbed.runner import find_devices, open_server
from testbed.strategies import Deployment
from testbed.streams import complain

# The phase at which a worker begins to meet the others.
JOINING = "joining"

CASE = "program"
"""The folder of its logs within the run's."""


def main(options: argparse.Namespace) -> int:
    """Run the program that the options name; its exit code."""
    program, cluster = _program(options), _cluster(options)
    how = _options(options)
    with new_run_folder(RUNS) as folder:
        end = interruptible(_launch(program, cluster, folder, how))
        if end.cause:
            complain(f"{end.cause}; logs: {folder.case(CASE).path}")
    return end.code


async def _launch(
    program: Program, cluster: Cluster, folder: RunFolder, options: Options
) -> ProgramEnd:
    async with open_server(
        folder, fresh=options.fresh, module=MODULE, exact=False, isolation=options.isolation
    ) as server:
        if server.isolation.notice and cluster.workers > 1:
            complain(server.isolation.notice)
        devices = await find_devices(server, options, folder)
        _require_devices(devices, cluster)
        case = folder.case(CASE)
        follower = Follower([case.log(number) for number in range(cluster.workers)])

        async def watch(_workers: Sequence[WorkerProcess]) -> None:
            while True:
                _show(follower)
                await asyncio.sleep(FOLLOW_INTERVAL_S)

        try:
            return await run_program(
                server,
                program,
                cluster,
                case,
                options.deadlines,
                devices=devices,
                fresh=options.fresh,
                watch=watch,
            )
        finally:
            _show(follower, over=True)


def _show(follower: Follower, *, over: bool = False) -> None:
    shown = console()
    for worker, line in follower.lines(over=over):
        shown.print(f"[dim]worker {worker} |[/dim] {escape(line)}", soft_wrap=True)


def _program(options: argparse.Namespace) -> Program:
    words = options.module or options.program
    if not words:
        raise UsageError("no program: testbed launch [OPTION ...] SCRIPT or -m MODULE, and its own")
    name, *arguments = words
    if options.module:
        return Program(name, tuple(arguments), is_module=True)
    if not Path(name).is_file():
        raise UsageError(f"no such script: {name}")
    return Program(name, tuple(arguments))


def _cluster(options: argparse.Namespace) -> Cluster:
    for name in ("workers", "replicas"):
        if getattr(options, name) < 1:
            raise UsageError(f"--{name} {getattr(options, name)}: at least 1")
    return Cluster(options.workers, options.replicas)


def _options(options: argparse.Namespace) -> Options:
    return Options(
        device=options.device,
        fresh=options.fresh,
        deadlines=deadlines_of(options, JOINING),
        isolation=options.isolation,
    )


def _require_devices(devices: Devices, cluster: Cluster) -> None:
    lacking = devices.lacking(Deployment(STRATEGY, cluster))
    if lacking:
        raise UsageError(f"{lacking}; use --device cpu, or fewer --workers and --replicas")
