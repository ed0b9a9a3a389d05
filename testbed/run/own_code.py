"""Prepares a cluster for a user's code: the steps that programs and functions share."""

from __future__ import annotations

import contextlib
import functools
import math
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from testbed.cluster.cluster import Task
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.launcher.server.source import WorkerServer
from testbed.report.output.live import LiveOutput
from testbed.run.case import Options
from testbed.run.cluster_choice import ALL_RUN, Choice, ProgramObserver
from testbed.run.entry import run_entry
from testbed.run.runner import find_devices, open_server
from testbed.terminal import complain, one_line, tell

JOINING = "joining"
"""The phase in which a worker begins to connect to the others."""


@dataclass(frozen=True)
class OwnCodeCluster:
    """A cluster, ready to run a user's code."""

    server: WorkerServer
    deployment: Deployment
    devices: Devices
    folder: CaseFolder
    fresh: bool
    output: LiveOutput | None
    """Shows the output of the workers."""
    named: tuple[Task, ...] = ()
    """The names that an engine gives to the workers, in their order."""
    patience: Patience = field(default_factory=Patience)
    """Timeouts for workers that make no progress."""
    choice: Choice = ALL_RUN
    """Whether all workers run the code in any case, or first find out its needs."""

    async def run(self, entry: str, orders: dict[str, Any], deadlines: Deadlines) -> ClusterEnd:
        """Run an entry in every worker, until all have ended or one has failed."""
        end = await run_entry(
            self.server,
            entry,
            {**orders, "undecided_devices": self.choice.devices},
            self.deployment,
            self.folder,
            replace(deadlines, patience=self.patience),
            devices=self.devices,
            named=self.named if len(self.named) == self.deployment.cluster.workers else (),
            fresh=self.fresh,
            watch=ProgramObserver(self.choice, self.output.watch if self.output else None),
            # A user's code may print as much as it likes.
            output_limit=math.inf,
        )
        if self.output and end.missed_deadline:
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
    choice: Choice = ALL_RUN,
) -> AsyncIterator[OwnCodeCluster]:
    """Open a cluster for a user's code; the output of its workers is shown until the block ends.

    Args:
        module: the module of the worker's entry.
        deployment: strategy and cluster.
        folder: the run folder.
        case: the name of the code's folder within the run folder.
        options: how to run.
        show: whether to show the output of the workers.
        choice: see `OwnCodeCluster`.

    Raises:
        LaunchError: no worker can be started on this machine.
        TooFewDevicesError: this machine has too few GPUs.
    """
    cluster = deployment.cluster
    own = folder.case(case)
    logs = [own.log(number) for number in range(cluster.workers)]
    async with contextlib.AsyncExitStack() as stack:
        # Opened first, so closed last: showing the rest may take long, with all else ended.
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
        devices.require(deployment)
        named = options.rank.tasks if options.rank else ()
        patience = replace(
            options.patience,
            tell=functools.partial(_tell, folder),
            show_stacks=_show_stacks,
        )
        yield OwnCodeCluster(
            server, deployment, devices, own, options.fresh, output, named, patience, choice
        )


def _tell(folder: RunFolder, what: str) -> None:
    """Show a notice about workers that make no progress, and keep it for `testbed report`."""
    tell(f"{what}; logs: {folder.path}")
    # On a full disk, the run continues without the note.
    with contextlib.suppress(OSError), folder.notices.open("a", encoding="utf-8") as notices:
        notices.write(one_line(what) + "\n")


def _show_stacks(worker: int, stacks: str) -> None:
    for line in stacks.splitlines():
        print(f"worker {worker} | {one_line(line)}", file=sys.stderr, flush=True)
