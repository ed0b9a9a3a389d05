"""The preloaded server: what it refuses, and that nothing outlives it."""

import asyncio
import os
import signal
import time

import pytest

from testbed.cluster.isolation_levels import AUTO, NONE
from testbed.errors import LaunchError
from testbed.launcher.machine.leftovers import processes_of
from tests.process.conftest import Launcher
from tests.soak import later

ISOLATIONS = [AUTO, NONE]


def test_import_error_is_told(launcher: Launcher) -> None:
    """A module that cannot be preloaded is named, with its error."""
    with pytest.raises(LaunchError, match=r"could not import: ModuleNotFoundError: .*no_such"):
        launcher.run("report", preload=["no_such_module"])


def test_threads_are_refused(launcher: Launcher) -> None:
    """A server with more than one thread is not forked from."""
    with pytest.raises(LaunchError, match=r"left 2 threads .* run with --fresh"):
        launcher.run("report", preload=["tests.process.threaded"])


@pytest.mark.parametrize("fresh", [False, True])
def test_workers_do_not_inherit_the_servers_heap_settings(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    """What a program starts has the heap that it has outside of the testbed."""
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert launcher.run("report", fresh=fresh).cause == ""
    assert "GLIBC_TUNABLES" not in launcher.reports("report")[0]["environment"]


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_exit_handlers_of_preloaded_modules_run_once(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    """They run when the server ends, and not when a worker does."""
    marker = launcher.folder.path / "handled"
    monkeypatch.setenv("TESTBED_MARKER", str(marker))
    preload = ["tests.process.programs", "tests.process.exit_handler"]

    async def go() -> None:
        async with launcher.server(preload, isolation) as server:
            await launcher.cluster(server, "report", 2)
            assert not marker.exists()

    asyncio.run(go())
    assert marker.exists()


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_children_end_with_their_worker(launcher: Launcher, isolation: str) -> None:
    """Children and detached daemons of a worker are gone when its cluster is."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"], isolation) as server:
            before = processes_of(launcher.folder.path)
            await launcher.cluster(server, "leave_children_behind", 2)
            assert len(launcher.reports("leave_children_behind")) == 2
            assert processes_of(launcher.folder.path) == before

    asyncio.run(go())


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_server_killed(launcher: Launcher, isolation: str) -> None:
    """When the server is killed its workers die with it, and the launcher says what happened."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"], isolation) as server:
            hanging = asyncio.ensure_future(launcher.cluster(server, "one_never_reports", 2))
            await _until_started(launcher)
            os.kill(server.pid, signal.SIGKILL)
            end = await hanging
            assert "killed by SIGKILL" in end.cause
            with pytest.raises(LaunchError, match="ended unexpectedly"):
                await launcher.cluster(server, "report", 1, name="afterwards")

    asyncio.run(go())


def test_many_clusters_at_once(launcher: Launcher) -> None:
    """Sixteen clusters side by side do not get into each other's way."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"]) as server:
            clusters = (
                launcher.cluster(server, "report", 3, name=f"cluster-{number}")
                for number in range(16)
            )
            for end in await asyncio.gather(*clusters):
                assert end.cause == ""

    asyncio.run(go())
    pids = {
        report["pid"] for number in range(16) for report in launcher.reports(f"cluster-{number}", 3)
    }
    assert len(pids) == 48


def test_cancelled_cluster_is_ended(launcher: Launcher) -> None:
    """A cluster whose task is cancelled leaves no worker, and the server goes on."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"]) as server:
            hanging = asyncio.ensure_future(launcher.cluster(server, "one_never_reports", 2))
            await _until_started(launcher)
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            end = await launcher.cluster(server, "report", 2)
            assert end.cause == ""

    asyncio.run(go())


@pytest.mark.parametrize("rounds", [10, later(250)])
def test_many_launches(launcher: Launcher, rounds: int) -> None:
    """Up to a thousand clusters in a row, four at a time, all report."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"]) as server:
            for _ in range(rounds):
                clusters = (
                    launcher.cluster(server, "report", 2, name=f"lane-{lane}") for lane in range(4)
                )
                for end in await asyncio.gather(*clusters):
                    assert end.cause == ""

    asyncio.run(go())


async def _until_started(launcher: Launcher) -> None:
    """Wait until worker 0 of the hanging cluster has reported, so that both are under way."""
    report = launcher.folder.case("one_never_reports").report(0)
    deadline = time.monotonic() + 30
    while not report.exists():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
