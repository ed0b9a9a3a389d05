"""A burst of light workers in a process of its own: python -m tests.process.a_burst ...

Arguments: the folder of the runs, the isolation, and how many workers.
"""

import sys
from pathlib import Path

from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.signals import interruptible
from tests.process.orders import PlayOrders, entry_of


async def burst(folder: RunFolder, isolation: str, count: int) -> str:
    """What went wrong with so many workers that are started at once; nothing where all reported."""
    environment: dict[str, str | None] = {"TF_CONFIG": "127.0.0.1:12345 " * count}
    async with preloaded_server(["tests.process.programs"], folder, isolation=isolation) as server:
        assignment = entry_of("count_steps").assignment(PlayOrders())
        workers = [WorkerOrders(assignment, environment) for _ in range(count)]
        options = ClusterOptions(Deadlines(300, 300))
        return (await run_cluster(server, workers, folder.case("burst"), options)).cause


if __name__ == "__main__":
    with new_run_folder(Path(sys.argv[1])) as folder:
        try:
            sys.exit(interruptible(burst(folder, sys.argv[2], int(sys.argv[3]))) or 0)
        except KeyboardInterrupt:
            sys.exit(130)
