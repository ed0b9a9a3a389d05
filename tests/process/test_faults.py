"""What is done to a worker on purpose is done to it, where and when it was ordered."""

import asyncio
import itertools
import signal
from dataclasses import replace

import pytest

from testbed.catalogue.fault import Fault
from testbed.cluster.isolation_levels import REQUIRED
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from tests.process.conftest import Launcher
from tests.process.namespaces import needs_namespaces
from tests.process.orders import PlayOrders, entry_of
from tests.soak import later

SHORT = Deadlines(3.0, 3.0)


def gaps(end: ClusterEnd, worker: int) -> dict[str, float]:
    """Seconds from each phase of a worker to its next one."""
    ledger = end.workers[worker].ledger
    return {one.phase: other.after - one.after for one, other in itertools.pairwise(ledger)}


@pytest.mark.parametrize(
    "phase",
    ["forked", "step 7", *(later(x) for x in ("joined", "step 1"))],
)
def test_killed_at_the_phase(launcher: Launcher, phase: str) -> None:
    """A worker is killed when it has reported the phase and nothing after it, every time."""
    end = launcher.run("count_steps", fault=Fault("kill", 1, phase))
    assert end.workers[1].phase == phase
    assert end.workers[1].status == signal.SIGKILL
    assert end.workers[0].reported


def test_the_others_are_not_ended_for_it(launcher: Launcher) -> None:
    """What the others do about a killed worker is what is to be seen, until the deadline."""
    end = launcher.run("one_never_reports", deadlines=SHORT, fault=Fault("kill", 0, "joined"))
    assert end.missed_deadline == "run"
    assert end.seconds > 3.0
    assert end.hang.startswith("worker 0 has ended; worker 1 is in phase 'step 3'")


def test_the_time_of_the_injection_is_reported(launcher: Launcher) -> None:
    """The moment lies between the phase and whatever came after it."""
    end = launcher.run("count_steps", fault=Fault("stop", 1, "step 4", seconds=0.2))
    ledger = {told.phase: told.after for told in end.workers[1].ledger}
    assert end.injected_at is not None
    assert ledger["step 4"] < end.injected_at < ledger["step 5"]


def test_a_phase_that_never_comes_injects_no_fault(launcher: Launcher) -> None:
    """A fault for a phase that the worker does not reach is not injected, and the end shows it."""
    end = launcher.run("count_steps", fault=Fault("kill", 1, "step 11"))
    assert end.cause == ""
    assert end.injected_at is None


def test_stopped_for_so_long(launcher: Launcher) -> None:
    """A stopped worker stands still for the seconds, and then goes on; its peer does not wait."""
    end = launcher.run("count_steps", fault=Fault("stop", 1, "step 4", seconds=1.0))
    assert end.cause == ""
    assert 1.0 <= gaps(end, 1)["step 4"] < 2.0
    assert gaps(end, 0)["step 4"] < 0.5


def test_terminated(launcher: Launcher) -> None:
    """SIGTERM ends a worker that does nothing about it."""
    end = launcher.run("count_steps", fault=Fault("terminate", 1, "step 4"))
    assert end.workers[1].status == signal.SIGTERM


def test_slowed_down(launcher: Launcher) -> None:
    """A slowed worker gets about a tenth of the time; its peer is as fast as ever.

    Other processes may take the cores from both, so each is compared with its own CPU time.
    """
    end = launcher.run("compute_steps", fault=Fault("slow", 1, "step 1", seconds=30.0))
    alone, slowed = (_seconds_of_work(launcher, end, worker) for worker in (0, 1))
    assert slowed > 3
    assert slowed > alone


def _seconds_of_work(launcher: Launcher, end: ClusterEnd, worker: int) -> float:
    """The seconds in which a worker of `compute_steps` works for one second."""
    worked = [float(line) for line in launcher.log("compute_steps", worker).split()]
    passed = sum(gaps(end, worker)[f"step {step}"] for step in range(3, 10))
    return passed / (worked[9] - worked[2])


def test_never_started(launcher: Launcher) -> None:
    """A worker that never starts has done nothing, not even begun its program."""
    end = launcher.run("count_steps", fault=Fault("absent", 1))
    assert end.workers[1].phase == "forked"
    assert launcher.log("count_steps", 1) == ""


def test_who_raises_leaves_at_once(launcher: Launcher) -> None:
    """A worker that raised does not wait for its peers: programs do not either."""
    fault = Fault("kill", 1, "joined")
    end = launcher.run("wait_for_who_raised", 3, deadlines=SHORT, fault=fault)
    assert end.missed_deadline == ""
    assert [worker.reported for worker in end.workers] == [True, False, True]


@needs_namespaces
@pytest.mark.parametrize("fault", [None, Fault("cut", 1, "joined", seconds=1.5)], ids=["", "cut"])
def test_cut_off(launcher: Launcher, fault: Fault | None) -> None:
    """A worker that is cut off is not reached until it is plugged in again."""
    seconds = asyncio.run(_visit(launcher, fault))
    assert 1.4 < seconds < 10 if fault else seconds < 0.5


async def _visit(launcher: Launcher, fault: Fault | None) -> float:
    """Seconds until worker 0 has reached worker 1, each in a network of its own."""
    case = launcher.folder.case("visit")
    async with launcher.server(["tests.process.programs"], REQUIRED) as server:
        hosts = [server.new_address() for _ in range(2)]
        both = PlayOrders(hosts=tuple(hosts), ready=str(case.path / "ready"))
        workers = [
            WorkerOrders(
                entry_of("visit").assignment(
                    replace(both, worker=worker, report=str(case.report(worker)))
                ),
                address=host,
            )
            for worker, host in enumerate(hosts)
        ]
        options = ClusterOptions(Deadlines(30, 30), fault=fault)
        end = await run_cluster(server, workers, case, options)
        assert end.cause == ""
    return float(case.report(0).read_text())


def test_a_fault_leaves_nobody_stopped(launcher: Launcher) -> None:
    """A cluster whose time is over while a worker is stopped is ended all the same."""
    end = launcher.run("count_steps", deadlines=SHORT, fault=Fault("stop", 1, "step 4", 600.0))
    assert end.missed_deadline == "run"
    assert end.seconds < 3.0 + 5.0
