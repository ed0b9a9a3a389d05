"""A whole run in a process of its own, for tests that end it: python -m tests.process.a_run ...

Arguments: the folder of the runs, the isolation, and where its workers stay (or how they end).
"""

import sys
from pathlib import Path

from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.signals import interruptible
from tests.process.orders import PlayOrders, entry_of

WORKERS = 2


async def cluster(folder: RunFolder, isolation: str, stay_at: str) -> None:
    """One cluster of workers that listen, have families, and stay where they are told."""
    case = folder.case("case")
    preload = ["tests.process.slow_import" if stay_at == "starting" else "tests.process.programs"]
    marker = {"TESTBED_MARKER": str(case.path / "at-0")}
    with held_ports(WORKERS) as ports:
        (folder.path / "ports").write_text(" ".join(map(str, ports)))
        async with preloaded_server(
            preload, folder, environment=marker, isolation=isolation
        ) as server:
            orders = [
                WorkerOrders(
                    entry_of("stay").assignment(
                        PlayOrders(
                            worker=worker,
                            port=port,
                            stay_at=stay_at,
                            marker=str(case.path / f"at-{worker}"),
                            report=str(case.report(worker)),
                        )
                    )
                )
                for worker, port in enumerate(ports)
            ]
            await run_cluster(server, orders, case, ClusterOptions(Deadlines(600, 600)))


if __name__ == "__main__":
    with new_run_folder(Path(sys.argv[1])) as folder:
        try:
            interruptible(cluster(folder, sys.argv[2], sys.argv[3]))
        except KeyboardInterrupt:
            sys.exit(130)
