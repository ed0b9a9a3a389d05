"""Runs one entry in every process of a cluster: assigns ports, orders and environments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from testbed.cluster.cluster import Task
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import STRATEGIES, Deployment
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.entry import Assignment, Entry, Orders
from testbed.launcher.nccl.environment import nccl_environment, ras_address
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.case import SERVE, ServeOrders
from testbed.orders.place import WorkerPlace

OrdersAt = Callable[[WorkerPlace], Orders]
"""Returns the orders of the worker at a place."""


async def run_entry(
    server: WorkerServer,
    entry: Entry[Orders],
    orders: OrdersAt[Orders],
    deployment: Deployment,
    folder: CaseFolder,
    devices: Devices,
    options: ClusterOptions,
    named: Sequence[Task] = (),
) -> ClusterEnd:
    """Run an entry in every process of a deployment, until all have ended.

    Args:
        server: starts the workers.
        entry: is run by every process, except by the workers and servers of a chief: they serve it.
        orders: returns the orders of each worker.
        deployment: strategy and cluster.
        folder: for logs, reports, stacks and the ledger.
        devices: of this machine.
        options: how to run the cluster.
        named: names of the processes in TF_CONFIG, where they differ from the usual ones.
    """
    has_chief = bool(STRATEGIES[deployment.strategy].servers)

    def assignment(number: int) -> Assignment:
        place = WorkerPlace(number, devices.kind, str(folder.report(number)))
        if number and has_chief:
            return SERVE.assignment(ServeOrders(place))
        return entry.assignment(orders(place))

    apart = options.fault is not None and options.fault.about.needs_own_network
    with ras_address(os.environ, used=devices.kind == "gpu") as ras:
        async with server.reserve_slots(deployment.processes, apart=apart) as slots:
            environments = deployment.environments([slot.address for slot in slots], named)
            workers = [
                WorkerOrders(
                    assignment(number),
                    {
                        **nccl_environment(folder.nccl(number), ras, os.environ),
                        **devices.environment(deployment, number),
                        **environments[number],
                    },
                    address=slot.network,
                    source=slot.source,
                )
                for number, slot in enumerate(slots)
            ]
            return await run_cluster(server, workers, folder, replace(options, nccl=ras))
