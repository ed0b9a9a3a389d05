"""Opens a cluster for a user's code, shows its output, and tells when it makes no progress."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

from testbed.cluster.strategies import Deployment
from testbed.launcher.run_folder import RunFolder
from testbed.report.output.live import LiveOutput
from testbed.run.options import Options
from testbed.run.servers import find_devices, open_server
from testbed.run.user_code.cluster_choice import ALL_RUN, Choice
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.terminal import complain, one_line, tell

JOINING = "joining"
"""The phase in which a worker begins to connect to the others."""


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
                python=options.python,
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
        tell_in = functools.partial(_tell, folder)
        patience = replace(options.patience, tell=tell_in, show_stacks=_show_stacks)
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
