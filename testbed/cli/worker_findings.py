"""Findings of `testbed doctor` that need a worker: whether it starts, and what it has."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.cli.gpu_findings import DoctorFinding, gpu_findings, this_gpu_host
from testbed.errors import LaunchError
from testbed.launcher.isolation.isolation import Isolation


def worker_findings() -> Iterator[DoctorFinding]:
    """What a worker reports, which is started for this, of its versions and devices."""
    # Imported here: a Python without their dependencies still gets the findings above.
    from testbed.launcher.run_folder import new_run_folder
    from testbed.orders.devices import DeviceReport
    from testbed.run.servers import inspect, open_server
    from testbed.signals import interruptible

    async def ask() -> tuple[DeviceReport, Isolation]:
        with new_run_folder() as folder:
            async with open_server(folder, fresh=False) as server:
                return await inspect(server, folder, fresh=False), server.isolation

    try:
        found, isolation = interruptible(ask())
    except LaunchError as problem:
        yield DoctorFinding("the preloaded server does not start", str(problem))
        return
    yield DoctorFinding(f"Keras {found.keras}, numpy {found.numpy}")
    yield DoctorFinding("workers can be forked from a preloaded server")
    yield _isolation(isolation)
    yield from gpu_findings(found, this_gpu_host())


def _isolation(isolation: Isolation) -> DoctorFinding:
    if isolation.network and isolation.processes:
        return DoctorFinding("workers get a private network and a private process namespace")
    if isolation.network:
        return DoctorFinding(
            f"workers get a private network, but no process namespace ({isolation.why})"
        )
    return DoctorFinding(
        f"workers share this machine's network ({isolation.why})",
        "allow network namespaces, to root or to users; until then keep other users and hosts away"
        " from this machine while clusters of several workers run",
    )
