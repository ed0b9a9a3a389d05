"""Launches in a row, of workers that listen on the ports that they are given: arguments: a folder
for the runs, and how many launches.
"""

import asyncio
import sys
from pathlib import Path

from testbed.cluster.isolation_levels import NONE
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.run_folder import new_run_folder
from testbed.launcher.server.preloaded import preloaded_server
from tests.process.orders import PlayOrders, entry_of


async def launch(runs: Path, launches: int) -> int:
    """How many of the launches failed."""
    failed = 0
    with new_run_folder(runs) as folder:
        case = folder.case("case")
        async with preloaded_server(["tests.process.programs"], folder, isolation=NONE) as server:
            for _ in range(launches):
                with held_ports(2) as ports:
                    workers = [
                        WorkerOrders(entry_of("listen").assignment(PlayOrders(port=port)))
                        for port in ports
                    ]
                    options = ClusterOptions(Deadlines(120, 120))
                    end = await run_cluster(server, workers, case, options)
                failed += bool(end.cause)
    return failed


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(f"{count} launches, {asyncio.run(launch(Path(sys.argv[1]), count))} failed")
