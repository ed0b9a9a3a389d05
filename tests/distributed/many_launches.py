"""Clusters in a row on this machine's own ports: arguments: a folder for the runs, how many."""

import asyncio
import sys
from pathlib import Path

from testbed.bench.plan import PROGRAMS
from testbed.case_run import CaseRun, Options, Quiet, keep_scripts
from testbed.devices import Devices
from testbed.launcher.cluster_run import Deadlines
from testbed.launcher.isolation import NONE
from testbed.launcher.run_folder import new_run_folder
from testbed.runner import open_server
from testbed.selection import select
from testbed.strategies import deployments

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
            case_run = CaseRun(server, Devices(), options, own, Quiet(), folder)
            seen = [(await case_run.judge(case, selection)).seen for _ in range(launches)]
    return [each for each in seen if each != "behaves"]


if __name__ == "__main__":
    count = int(sys.argv[2])
    failed = asyncio.run(launch(Path(sys.argv[1]), count))
    print(f"{count} launches, {len(failed)} failed {failed[:3]}")
