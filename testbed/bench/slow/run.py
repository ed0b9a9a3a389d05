"""Takes a program apart: a first run, its variants in rounds, and the record."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from testbed.bench.slow.deployment import known_deployment
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.bench.slow.recorded import Frame, record_of
from testbed.bench.slow.request import ProgramBenchRequest
from testbed.bench.slow.samples import Failed, Runs
from testbed.errors import LaunchError
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.run_folder import RunFolder, utc_now
from testbed.orders.timed import RUN_TIMED
from testbed.run.servers import inspect_hosts
from testbed.run.user_code.cluster_choice import ALL_RUN
from testbed.run.user_code.place import JOINING, own_code_place

CASE = "bench"
"""The folder of the program's logs within the run folder."""
# Seconds for a program to join, and to take its steps.
_START, _RUN = 120.0, 600.0
# How many files are looked at for what the program wrote.
_MOST_FILES = 20_000


class ProgramFailedError(LaunchError):
    """The program has no samples: it failed, or took too few steps."""

    def __init__(self, request: ProgramBenchRequest, failed: Failed, logs: Path) -> None:
        super().__init__(f"{request.words}: {failed.reason}; logs: {logs}")
        self.error = failed.error
        """The exception that ended the program, if one did."""


async def take_apart(
    request: ProgramBenchRequest,
    folder: RunFolder,
    ran: Callable[[int, int], None],
    command: Sequence[str],
) -> ProgramBenchRecord:
    """Run a program as often as needed, and say what bounds it.

    Args:
        request: what to run.
        folder: of the run.
        ran: called after each run with its number, and the number of all if it is known.
        command: the command line, for the record.

    Raises:
        ProgramFailedError: the program fails, or takes too few steps.
        LaunchError: it takes no steps under an observed strategy.
    """
    began, started, clock = utc_now(), time.monotonic(), time.time()
    options, deployment = request.options, request.deployment
    async with own_code_place(
        RUN_TIMED.module, deployment, folder, CASE, options, show=False, choice=request.choice
    ) as cluster:
        deadlines = Deadlines(_START, _RUN, JOINING)
        inspected = await inspect_hosts(cluster.server, options, folder)
        runs = Runs(cluster, request.program, deadlines, request.effort, ran)
        pilot, end = await runs.pilot()
        if isinstance(pilot, Failed):
            raise ProgramFailedError(request, pilot, cluster.folder.path)
        notes = [worker.notes for worker in end.workers]
        known = known_deployment(deployment, notes, pilot.reports[0].replicas)
        if known is None:
            raise LaunchError(
                f"{request.words} took steps under no MirroredStrategy or"
                " MultiWorkerMirroredStrategy"
            )
        runs.cluster = replace(cluster, choice=ALL_RUN)
        samples = await runs.in_rounds(known, pilot.call)
    if isinstance(samples, Failed):
        raise ProgramFailedError(request, samples, folder.path)
    frame = Frame(
        folder.id,
        began,
        round(time.monotonic() - started, 3),
        tuple(command),
        request.words,
        options.device,
        {
            "tensorflow": inspected.frameworks.tensorflow,
            "keras": inspected.frameworks.keras,
        },
        request.effort.rounds,
        request.room,
        tuple(_changed_since(clock, folder)),
    )
    return record_of(samples, frame)


def _changed_since(moment: float, folder: RunFolder) -> list[str]:
    """Files in the working folder that changed, without those of the testbed."""
    found: list[str] = []
    looked = 0
    own = folder.path.resolve()
    for path, folders, names in os.walk("."):
        folders[:] = [
            each
            for each in folders
            if not each.startswith(".") and each != "__pycache__" and own != _whole(path, each)
        ]
        for name in names:
            looked += 1
            if looked > _MOST_FILES:
                return found
            file = Path(path, name)
            try:
                if file.stat().st_mtime >= moment:
                    found.append(str(file))
            except OSError:
                continue
    return sorted(found)


def _whole(path: str, name: str) -> Path:
    return Path(path, name).resolve()
