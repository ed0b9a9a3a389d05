"""Launches in a row, of workers that listen on the ports that they are given: arguments: a folder
for the runs, and how many launches.
"""

import asyncio
import sys
from pathlib import Path

from testbed.cluster.isolation_levels import NONE
from testbed.launcher.cluster.cluster_run import Deadlines, WorkerOrders, run_cluster
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.run_folder import new_run_folder
from testbed.launcher.server.preloaded import preloaded_server


async def launch(runs: Path, launches: int) -> int:
    """How many of the launches failed."""
    failed = 0
    with new_run_folder(runs) as folder:
        case = folder.case("case")
        async with preloaded_server(["tests.process.programs"], folder, isolation=NONE) as server:
            for _ in range(launches):
                with held_ports(2) as ports:
                    entry = {"entry": "tests.process.programs:listen"}
                    orders = [WorkerOrders({**entry, "port": port}) for port in ports]
                    end = await run_cluster(server, orders, case, Deadlines(120, 120))
                failed += bool(end.cause)
    return failed


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(f"{count} launches, {asyncio.run(launch(Path(sys.argv[1]), count))} failed")
