"""Runs one entry in every process of a cluster: assigns ports, orders and environments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from testbed.catalogue.fault import Fault
from testbed.cluster.cluster import Task
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import STRATEGIES, Deployment
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import Deadlines, WorkerOrders, run_cluster
from testbed.launcher.cluster.output import OUTPUT_LIMIT
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerServer
from testbed.launcher.server.worker_process import WorkerProcess

SERVE = "testbed.worker.main:serve"
FIRST_SEED = 1000

Watch = Callable[[Sequence[WorkerProcess]], Awaitable[None]]


async def run_entry(
    server: WorkerServer,
    entry: str,
    orders: dict[str, Any],
    deployment: Deployment,
    folder: CaseFolder,
    deadlines: Deadlines,
    *,
    devices: Devices,
    named: Sequence[Task] = (),
    fresh: bool = False,
    watch: Watch | None = None,
    fault: Fault | None = None,
    output_limit: float = OUTPUT_LIMIT,
) -> ClusterEnd:
    """Run an entry in every process of a deployment, until all have ended.

    Args:
        server: starts the workers.
        entry: `module:function`; the workers and servers of a chief run SERVE instead.
        orders: for every worker; its index, seed, devices and report file are added to them.
        deployment: strategy and cluster.
        folder: for logs, reports, stacks and the ledger.
        deadlines: the workers are stopped after them.
        devices: of this machine.
        named: names of the processes in TF_CONFIG, where they differ from the usual ones.
        fresh, watch, fault, output_limit: see `run_cluster`.
    """
    apart = fault is not None and fault.about.needs_own_network
    async with server.reserve_slots(deployment.processes, apart=apart) as slots:
        places = deployment.environments([slot.address for slot in slots], named)
        workers = [
            WorkerOrders(
                {
                    **orders,
                    "entry": SERVE if number and STRATEGIES[deployment.strategy].servers else entry,
                    **_place(deployment, number),
                    "device": devices.kind,
                    "report": str(folder.report(number)),
                },
                {
                    **devices.environment(deployment, number),
                    **places[number],
                },
                address=slot.network,
                source=slot.source,
            )
            for number, slot in enumerate(slots)
        ]
        return await run_cluster(
            server,
            workers,
            folder,
            deadlines,
            fresh=fresh,
            watch=watch,
            fault=fault,
            output_limit=output_limit,
        )


def _place(deployment: Deployment, worker: int) -> dict[str, Any]:
    """The orders that describe a worker's cluster and its place in the cluster."""
    return {
        "strategy": deployment.strategy,
        "workers": deployment.cluster.workers,
        "replicas_per_worker": deployment.cluster.replicas_per_worker,
        "worker": worker,
        "seed": FIRST_SEED + worker,
    }
