"""Clusters in a row on this machine's own ports: arguments: a folder for the runs, how many."""

import asyncio
import sys
from pathlib import Path

from testbed.bench.plan import PROGRAMS
from testbed.catalogue.selection import select
from testbed.cluster.devices import Devices
from testbed.cluster.isolation_levels import NONE
from testbed.cluster.strategies import deployments
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.run_folder import new_run_folder
from testbed.report.output.observer import Observer
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.scenario import keep_scripts
from testbed.run.servers import open_server

# Sixteen runs share the cores, so that a launch may take sixteen times as long.
PATIENT = Deadlines(300, 300)


async def launch(runs: Path, launches: int) -> list[str]:
    """What was seen of the launches that did not behave."""
    wanted = deployments(["multi_worker_mirrored"], 2, 1)
    selection = select([str(PROGRAMS / "all_reduce.py")], wanted, None)
    (case,) = selection.cases
    options = Options(isolation=NONE, deadlines=PATIENT)
    with new_run_folder(runs) as folder:
        async with open_server(folder, fresh=False, isolation=NONE) as server:
            keep_scripts(selection, folder)
            own = folder.case(case.id)
            case_run = CaseRun(server, Devices(), options, own, Observer(), folder)
            seen = [(await case_run.judge(case, selection)).seen for _ in range(launches)]
    return [each for each in seen if each != "behaves"]


if __name__ == "__main__":
    count = int(sys.argv[2])
    failed = asyncio.run(launch(Path(sys.argv[1]), count))
    print(f"{count} launches, {len(failed)} failed {failed[:3]}")
