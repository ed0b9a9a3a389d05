"""Many workers in one cluster: they work, and what they cost grows with their number only."""

import json
import statistics

import pytest

from testbed.bench.plan import PROGRAMS
from testbed.catalogue.selection import select
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import deployments
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.machine.machine import describe_machine
from testbed.report.output.observer import Observer
from testbed.run.case import CaseRun
from testbed.run.options import Options
from testbed.run.scenario import keep_scripts
from tests.distributed.conftest import Judge
from tests.distributed.entries import ADD_UP_AND_WEIGH

SIZES = (16, 32, 64)
ROUNDS = 3
MIB = 2**20


@pytest.mark.soak
def test_many_workers(judge: Judge) -> None:
    """Up to 64 workers add up; time and memory of each worker stay about what they are at 16."""
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    memory: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size in SIZES:
            end, shares = _launch(judge, size)
            assert end.cause == ""
            seconds[size].append(end.seconds / size)
            memory[size] += shares
    machine = describe_machine()
    print(f"{machine.cores} cores, {machine.processor}, {ROUNDS} rounds, medians")
    for size in SIZES:
        each, share = statistics.median(seconds[size]), statistics.median(memory[size])
        print(
            f"{size} workers: {each * size:.1f} s, {each * 1000:.0f} ms a worker,"
            f" {share / MIB:.0f} MiB a worker"
        )
    few, many = (statistics.median(seconds[size]) for size in (SIZES[0], SIZES[-1]))
    assert many < 2 * few
    few, many = (statistics.median(memory[size]) for size in (SIZES[0], SIZES[-1]))
    assert many < 1.5 * few


def _launch(judge: Judge, workers: int) -> tuple[ClusterEnd, list[float]]:
    """One cluster, and each worker's proportional memory while all of them are there."""
    wanted = deployments(["multi_worker_mirrored"], workers, 1)
    selection = select([str(PROGRAMS / "all_reduce.py")], wanted, None)
    (case,) = selection.cases
    folder = judge.folder.case(case.id)
    keep_scripts(selection, judge.folder)
    case_run = CaseRun(judge.server, Devices(), Options(), folder, Observer(), judge.folder)
    running = case_run.run(case, selection, ADD_UP_AND_WEIGH, lambda orders: orders)
    end = judge.loop.run_until_complete(running)
    shares = [
        float(json.loads(folder.report(worker.worker).read_text()))
        for worker in end.workers
        if worker.reported
    ]
    return end, shares
