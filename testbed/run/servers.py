"""Opens the server that starts the workers of a run, and finds the devices of its hosts."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence

from testbed.cluster.devices import Devices, shared_out
from testbed.cluster.isolation_levels import AUTO
from testbed.decoding import decoded
from testbed.errors import LaunchError
from testbed.hosts.host_pool import open_host_pool
from testbed.hosts.rank import Rank
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.launcher.server.source import WorkerServer, WorkerSource
from testbed.orders.case import RUN_CASE
from testbed.orders.devices import LIST_DEVICES, DeviceOrders, DeviceReport
from testbed.run.options import Options


def open_server(
    folder: RunFolder,
    *,
    fresh: bool,
    python: str = sys.executable,
    module: str = RUN_CASE.module,
    more: Sequence[str] = (),
    path: Sequence[str] = (),
    exact: bool = True,
    isolation: str = AUTO,
    rank: Rank | None = None,
) -> contextlib.AbstractAsyncContextManager[WorkerServer]:
    """The server that starts the workers of a run; it preloads nothing where all are fresh.

    It preloads `module`, and the user's modules `more`, which it finds on `path`. For `exact` and
    `isolation` see `testbed.launcher`. With a rank, the hosts of its cluster start the workers.
    """
    preload = [] if fresh else [module, *more]
    if rank:
        return open_host_pool(rank, folder, preload, python, exact=exact)
    return preloaded_server(
        preload,
        folder,
        python,
        exact=exact,
        isolation=isolation,
        path=path if more else (),
    )


async def find_devices(server: WorkerServer, options: Options, folder: RunFolder) -> Devices:
    """The devices that the run may use; starts TensorFlow for this only where GPUs are needed."""
    if options.device == "cpu":
        return Devices()
    seen: list[tuple[str, tuple[str, ...]]] = []
    free: dict[str, int] = {}
    unlisted = 0
    for number, source in enumerate(server.sources):
        found = await inspect(source, folder, fresh=options.fresh, host=number)
        seen.append((found.machine, tuple(gpu.id for gpu in found.gpus)))
        unlisted += 0 if found.gpus else len(found.cuda.driver.uuids)
        free |= {gpu.id: gpu.free_mib for gpu in found.gpus if gpu.free_mib is not None}
    first, *others = shared_out(seen)
    return Devices(options.device, first, tuple(others), tuple(free.items()), unlisted)


async def inspect(
    server: WorkerSource, folder: RunFolder, *, fresh: bool, host: int = 0
) -> DeviceReport:
    """The devices and versions that TensorFlow reports on a host; a worker asks TensorFlow.

    Raises:
        LaunchError: the worker failed.
    """
    case = folder.case(f"devices-{host}" if host else "devices")
    worker = WorkerOrders(LIST_DEVICES.assignment(DeviceOrders(str(case.report(0)))))
    end = await run_cluster(server, [worker], case, ClusterOptions(fresh=fresh))
    if end.cause:
        raise LaunchError(f"TensorFlow could not list devices: {end.cause}; {case.log(0)}")
    return decoded(DeviceReport, json.loads(case.report(0).read_text()))
