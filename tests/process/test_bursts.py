"""Hundreds of workers at once: nobody blocks, and deadlines and cancellations hold."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from testbed.cluster.isolation_levels import NONE
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.machine import descriptors
from testbed.launcher.machine.leftovers import processes_of
from testbed.launcher.server.server_handle import PreloadedServer
from tests.process.conftest import PATIENT, Launcher

# Without queues, launcher and server waited for each other from some 300 on.
BURST = 600
# Each names all the others, as a TF_CONFIG does.
LONG: dict[str, str | None] = {"TF_CONFIG": "127.0.0.1:12345 " * BURST}


def test_a_burst_comes_to_its_end(launcher: Launcher) -> None:
    """Hundreds of workers that are started at once all report."""
    end = launcher.run("count_steps", BURST, deadlines=Deadlines(120, 120), environment=LONG)
    assert end.cause == ""
    assert all(worker.phase == "reported" for worker in end.workers)


def test_a_deadline_holds_in_a_burst(launcher: Launcher) -> None:
    """A start deadline that passes while workers are still forked ends them all, within seconds."""
    began = time.monotonic()
    end = launcher.run("one_never_joins", BURST, deadlines=Deadlines(0.3, 60), environment=LONG)
    assert end.missed_deadline == "start"
    assert time.monotonic() - began < 30


def test_a_burst_is_cancelled(launcher: Launcher) -> None:
    """A burst that is cancelled within its forks leaves no worker, and the server goes on."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"]) as server:
            before = processes_of(launcher.folder.path)
            burst = asyncio.ensure_future(launcher.cluster(server, "one_never_joins", BURST))
            log = launcher.folder.case("one_never_joins").log(BURST // 10)
            await until(log.exists)
            burst.cancel()
            with pytest.raises(asyncio.CancelledError):
                await burst
            assert processes_of(launcher.folder.path) == before
            assert (await launcher.cluster(server, "report", 2)).cause == ""

    asyncio.run(go())


def test_requests_and_orders_have_any_length(launcher: Launcher) -> None:
    """An environment and orders of megabytes reach the worker as they are."""
    long = {f"LONG_{number}": "x" * 100_000 for number in range(20)}
    end = launcher.run("report_orders", 2, environment=dict(long), more="ü" * 3_000_000)
    assert end.cause == ""
    for report in launcher.reports("report_orders"):
        assert report == {"more": 3_000_000, "environment": 2_000_000}


def test_a_stopped_server_holds_up_nothing(launcher: Launcher) -> None:
    """Deadlines and cancellations hold while the server is stopped and takes no request."""

    async def go() -> tuple[str, float]:
        async with launcher.server(["tests.process.programs"], NONE) as server:
            assert (await launcher.cluster(server, "report", 1)).cause == ""
            os.kill(server.pid, signal.SIGSTOP)
            began = time.monotonic()
            end = await launcher.cluster(
                server, "count_steps", 100, Deadlines(0.5, 60), name="held", environment=LONG
            )
            await cancelled(launcher, server)
        return end.hint, time.monotonic() - began

    hint, seconds = asyncio.run(go())
    assert "could not be ended: the server does not answer" in hint
    assert seconds < 25


async def cancelled(launcher: Launcher, server: PreloadedServer) -> None:
    """Start a cluster that will not get anywhere, and cancel it."""
    held = asyncio.ensure_future(launcher.cluster(server, "report", 100, name="cancelled"))
    await asyncio.sleep(0)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held


def test_a_fork_that_the_kernel_refuses(launcher: Launcher) -> None:
    """A worker that cannot be forked is named with the limits, and the server goes on."""

    async def go() -> None:
        async with launcher.server(["tests.process.few_forks"], NONE) as server:
            end = await launcher.cluster(server, "one_never_reports", 5)
            assert end.cause.startswith("worker 3 ended after ")
            assert "it could not be started: no more processes or threads may run" in end.cause
            assert "ulimit -u" in end.cause
            end = await launcher.cluster(server, "report", 1)
            assert "it could not be started" in end.cause

    asyncio.run(go())


def test_descriptors_run_out(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker for whose channel there is no descriptor is named with the limit; all others end."""

    async def go() -> None:
        async with launcher.server(["tests.process.programs"]) as server:
            few, usual = descriptors.in_use() + 16, descriptors.usual()
            with monkeypatch.context() as patched:
                patched.setattr(descriptors, "most", lambda: few)
                descriptors.allow(few)
                end = await launcher.cluster(server, "one_never_reports", 40)
            descriptors.allow(usual)
            assert "it could not be started: this process may have no more open files" in end.cause
            assert (await launcher.cluster(server, "report", 2, PATIENT)).cause == ""

    asyncio.run(go())


def test_bytes_without_an_end(launcher: Launcher) -> None:
    """A worker whose code writes bytes without an end into its channel is heard no further."""
    end = launcher.run("flood_its_channel", 1)
    assert "something else wrote to its channel: b'xxx" in end.cause


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
