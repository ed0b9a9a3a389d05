"""Somebody's own code as a cluster: what a program and a function need before they are run."""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from testbed.case_run import Options
from testbed.cluster import Task
from testbed.devices import Devices
from testbed.entry_run import run_entry
from testbed.errors import TooFewDevicesError
from testbed.launcher.cluster_end import ClusterEnd
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.launcher.source import WorkerServer
from testbed.report.live import LiveOutput
from testbed.runner import find_devices, open_server
from testbed.strategies import Deployment
from testbed.streams import complain

JOINING = "joining"
"""The phase at which a worker begins to meet the others."""


@dataclass(frozen=True)
class Place:
    """Where own code is run."""

    server: WorkerServer
    deployment: Deployment
    devices: Devices
    folder: CaseFolder
    fresh: bool
    output: LiveOutput | None
    """Shows what the workers print."""
    named: tuple[Task, ...] = ()
    """What an engine calls the workers, in their order."""

    async def run(self, entry: str, orders: dict[str, Any], deadlines: Deadlines) -> ClusterEnd:
        """Run an entry in every worker, until all have ended or one has failed."""
        end = await run_entry(
            self.server,
            entry,
            orders,
            self.deployment,
            self.folder,
            deadlines,
            devices=self.devices,
            named=self.named if len(self.named) == self.deployment.cluster.workers else (),
            fresh=self.fresh,
            watch=self.output.watch if self.output else None,
            # How much own code prints is its own affair.
            output_limit=math.inf,
        )
        if self.output and end.overdue:
            self.output.hurry()
        return end


@contextlib.asynccontextmanager
async def own_code_place(
    module: str,
    deployment: Deployment,
    folder: RunFolder,
    case: str,
    options: Options,
    *,
    show: bool = True,
) -> AsyncIterator[Place]:
    """A place for own code; what its workers print is shown until the end of the block.

    Args:
        module: of the worker's entry.
        deployment: that is run.
        folder: of the run.
        case: the name of the code's own folder within the run's.
        options: how to run.
        show: what the workers print.

    Raises:
        LaunchError: no worker can be started on this machine.
        TooFewDevicesError: it has too few GPUs.
    """
    cluster = deployment.cluster
    own = folder.case(case)
    logs = [own.log(number) for number in range(cluster.workers)]
    async with contextlib.AsyncExitStack() as stack:
        # The first to be opened, since it may take long to show all, and nobody else should.
        output = await stack.enter_async_context(LiveOutput(logs)) if show else None
        server = await stack.enter_async_context(
            open_server(
                folder,
                fresh=options.fresh,
                module=module,
                exact=False,
                isolation=options.isolation,
                rank=options.rank,
            )
        )
        if server.isolation.notice and cluster.workers > 1:
            complain(server.isolation.notice)
        devices = await find_devices(server, options, folder)
        if lacking := devices.lacking(deployment):
            raise TooFewDevicesError(
                f"{lacking}; use the device cpu, or fewer workers and replicas",
                cluster.workers,
                cluster.replicas_per_worker,
            )
        named = options.rank.tasks if options.rank else ()
        yield Place(server, deployment, devices, own, options.fresh, output, named)
