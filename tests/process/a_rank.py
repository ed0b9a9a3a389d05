"""One process of a cluster that an engine has started: python -m tests.process.a_rank ...

Arguments: the folder, the seconds within which all have to meet, and JSON: see `Asked`. It is
`testbed launch --engine environment` in everything but for what is launched: worker 0 runs clusters
of `tests.process.programs`, which need no TensorFlow.
"""

import asyncio
import json
import sys
from dataclasses import dataclass

from testbed import __version__
from testbed.cli import main
from testbed.cli.commands import launch
from testbed.cli.options.launch import LaunchOptions
from testbed.hosts import connection, rendezvous
from testbed.hosts.host_pool import HostPool, open_host_pool
from testbed.hosts.rank import split_address
from testbed.hosts.role import Role
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.run_folder import RunFolder, write_json
from testbed.signals import interruptible
from tests.process.orders import PlayOrders, entry_of


@dataclass(frozen=True)
class Asked:
    """What the ranks of a test are to do."""

    programs: tuple[str, ...] = ("report",)
    """One cluster of each, one after the other."""
    at_once: int = 1
    """So many clusters of each program, side by side."""
    workers: int = 0
    """Of each cluster; 0: one for each rank."""
    fresh: bool = False
    seconds: float = 60.0
    """Deadline of each cluster."""
    beat: float = connection.BEAT_S
    silence: float = connection.SILENCE_S
    version: str = __version__
    module: str = "tests.process.programs"
    """That the programs are in."""
    release: float = 0.0
    show: float = 0.0
    """Patience with workers that stand still; 0: all leave together."""


ASKED = Asked(**(json.loads(sys.argv[3]) if __name__ == "__main__" else {}))


def clusters(options: LaunchOptions, role: Role) -> int:
    """What worker 0 runs in place of `testbed launch`."""

    async def run() -> int:
        rank, folder = role.rank, role.folder
        assert rank
        assert folder
        preload = [] if ASKED.fresh else [ASKED.module]
        async with open_host_pool(rank, folder, preload, sys.executable, exact=True) as source:
            size = ASKED.workers or rank.size
            for program in ASKED.programs:
                names = [program, *(f"{program}-{each}" for each in range(1, ASKED.at_once))]
                await asyncio.gather(
                    *(cluster(source, folder, program, name, size) for name in names)
                )
        return 0

    return interruptible(run())


async def cluster(source: HostPool, folder: RunFolder, program: str, name: str, size: int) -> None:
    """One cluster; what came of it stands in `end.json` of its folder."""
    case = folder.case(name)
    async with source.reserve_slots(size) as slots:
        workers = [
            WorkerOrders(
                entry_of(program, ASKED.module).assignment(
                    PlayOrders(
                        worker=worker,
                        host=split_address(slot.address)[0],
                        port=split_address(slot.address)[1],
                        report=str(case.report(worker)),
                    )
                ),
                source=slot.source,
            )
            for worker, slot in enumerate(slots)
        ]
        shown: list[str] = []
        patience = Patience(ASKED.release, ASKED.show, tell=shown.append)
        limits = ASKED.seconds, ASKED.seconds
        deadlines = Deadlines(*limits, patience=patience if ASKED.show else None)
        end = await run_cluster(source, workers, case, ClusterOptions(deadlines, ASKED.fresh))
    told = [[each.phase, each.after] for worker in end.workers for each in worker.ledger]
    write_json(
        case.path / "end.json",
        {
            "cause": end.cause,
            "seconds": end.seconds,
            "overdue": end.missed_deadline,
            "told": told,
            "addresses": [slot.address for slot in slots],
            "lost": source.lost,
            "shown": shown,
            "left_behind": end.left_behind.sentence if end.left_behind else "",
        },
    )


if __name__ == "__main__":
    connection.BEAT_S, connection.SILENCE_S, connection.LEADER_SILENCE_S = (
        ASKED.beat,
        ASKED.silence,
        ASKED.silence,
    )
    rendezvous.__dict__["__version__"] = ASKED.version
    launch.main = clusters
    words = ["--engine", "environment", "--folder", sys.argv[1], "--meeting-timeout", sys.argv[2]]
    sys.exit(main.main(["launch", *words, "nothing.py"]))
