"""What workers read is what TensorFlow has: classes, devices, values."""

from collections.abc import Callable

import pytest

from testbed.catalogue.selection import select
from testbed.cluster.strategies import deployments
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.entry import Entry
from testbed.orders.devices import DeviceOrders
from tests.distributed.conftest import Done, Judge
from tests.distributed.entries import ONE_REPLICA_FOR_TWO, TWO_REPLICAS_ON_ONE_CPU


def test_mirrored_variable(judge: Judge) -> None:
    """A variable made in the scope of MirroredStrategy has a copy on each of three devices."""
    selection = select(["returned.variable"], deployments(["mirrored"], None, 3), ["eager"])
    case = next(case for case in selection.cases if case.site == "in_scope")
    (report,) = judge(case, selection).reports
    reading = report.findings[0].reading
    assert reading.type == "MirroredVariable"
    assert reading.synchronization in ("AUTO", "ON_WRITE")
    assert [device.rpartition(":")[2] for device in reading.devices] == ["0", "1", "2"]
    assert reading.values == [[1.0, 2.0]] * 3


def test_every_worker_has_its_own_copies(judge: Judge) -> None:
    """Of 3 workers with 2 replicas each, every worker reads two copies on its own devices."""
    selection = select(
        ["module_global.counter"], deployments(["multi_worker_mirrored"], 3, 2), ["function"]
    )
    case = next(case for case in selection.cases if case.site == "in_scope")
    verdict = judge(case, selection)
    assert verdict.as_expected, verdict.seen
    for worker, report in enumerate(verdict.reports):
        assert report.worker == worker
        assert report.findings[0].reading.devices == [
            f"/job:worker/replica:0/task:{worker}/device:CPU:{replica}" for replica in range(2)
        ]


def test_workers_have_their_own_seeds(judge: Judge) -> None:
    """No two workers share a seed, so that nothing is equal by accident."""
    selection = select(
        ["module_global.random_start"], deployments(["multi_worker_mirrored"], 3, 1), None
    )
    reports = judge(selection.cases[0], selection).reports
    assert len({report.facts["seed"] for report in reports}) == 3


@pytest.mark.parametrize(
    ("entry", "replicas"), [(TWO_REPLICAS_ON_ONE_CPU, 2), (ONE_REPLICA_FOR_TWO, 1)]
)
def test_missing_replicas_are_noticed(
    judge: Judge, entry: Entry[DeviceOrders], replicas: int
) -> None:
    """A strategy that silently has other replicas than were asked for is refused."""
    case = judge.folder.case(entry.name)
    worker = WorkerOrders(entry.assignment(DeviceOrders(str(case.report(0)))))

    async def go() -> ClusterEnd:
        return await run_cluster(judge.server, [worker], case, ClusterOptions())

    end = judge.loop.run_until_complete(go())
    assert "in phase 'forked': exit code 1 (RuntimeError: " in end.cause
    assert (
        f"mirrored-2 should have 2 replicas, 2 of them here, but has {replicas}, on CPU:0"
    ) in case.log(0).read_text()


def test_launching_process_has_no_tensorflow(testbed: Callable[..., Done]) -> None:
    """A whole run leaves TensorFlow out of the process that launches it."""
    import subprocess
    import sys

    program = (
        "import sys; from testbed.cli.main import main;"
        "status = main(['run', 'returned.constant', '--strategy', 'mirrored']);"
        "loaded = [name for name in ('tensorflow', 'numpy', 'keras') if name in sys.modules];"
        "print('LOADED', status, loaded)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "LOADED 0 []"
