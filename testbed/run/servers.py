"""Opens the server that starts the workers of a run, and finds the devices of its hosts."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.catalogue.versions import Frameworks
from testbed.cluster.devices import Devices, crowded, shared_out
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
    return (await inspect_hosts(server, options, folder)).devices


@dataclass(frozen=True)
class Inspected:
    """What TensorFlow has on the hosts of a run."""

    devices: Devices
    """The devices that the run may use."""
    frameworks: Frameworks
    """The versions on the first host."""


def _devices_of(hosts: Sequence[DeviceReport], kind: str) -> Devices:
    if kind == "cpu":
        return Devices()
    gpus = [gpu for found in hosts for gpu in found.gpus]
    free = {gpu.id: gpu.free_mib for gpu in gpus if gpu.free_mib is not None}
    unlisted = sum(0 if found.gpus else len(found.cuda.driver.uuids) for found in hosts)
    seen = [(found.machine, tuple(gpu.id for gpu in found.gpus)) for found in hosts]
    first, *others = shared_out(seen, split=kind == "split-gpu")
    return Devices(kind, first, tuple(others), tuple(free.items()), unlisted, crowded(seen))


async def inspect_hosts(server: WorkerServer, options: Options, folder: RunFolder) -> Inspected:
    """Ask TensorFlow on each host; without GPUs the first host speaks for all.

    Raises:
        LaunchError: a worker failed.
    """
    on_cpu = options.device == "cpu"
    hosts = [
        await inspect(source, folder, fresh=options.fresh, host=number, gpus=not on_cpu)
        for number, source in enumerate(server.sources[:1] if on_cpu else server.sources)
    ]
    return Inspected(
        _devices_of(hosts, options.device), Frameworks(hosts[0].tensorflow, hosts[0].keras)
    )


async def inspect(
    server: WorkerSource, folder: RunFolder, *, fresh: bool, host: int = 0, gpus: bool = True
) -> DeviceReport:
    """The devices and versions that TensorFlow reports on a host; a worker asks TensorFlow.

    Args:
        server: starts the worker.
        folder: of the run, for the worker's report.
        fresh: whether the worker is a new interpreter.
        host: the number of the host.
        gpus: whether to look for GPUs, which takes time.

    Raises:
        LaunchError: the worker failed.
    """
    case = folder.case(f"devices-{host}" if host else "devices")
    assignment = LIST_DEVICES.assignment(DeviceOrders(str(case.report(0))))
    worker = WorkerOrders(assignment, {} if gpus else {"CUDA_VISIBLE_DEVICES": "-1"})
    end = await run_cluster(server, [worker], case, ClusterOptions(fresh=fresh))
    if end.cause:
        raise LaunchError(f"TensorFlow could not report its devices: {end.cause}; {case.log(0)}")
    return decoded(DeviceReport, json.loads(case.report(0).read_text()))
