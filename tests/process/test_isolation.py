"""A run's own network and processes: who is outside cannot get in, and nothing gets out."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.cluster.isolation_levels import AUTO, NONE, REQUIRED
from testbed.errors import LaunchError
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.machine.leftovers import processes_of
from tests.process.conftest import Launcher
from tests.process.namespaces import can_isolate, needs_namespaces
from tests.process.ranks import wait_for

NOBODY = 65534
PROGRAMS = ["tests.process.programs"]


def _reach(port: int) -> bool:
    with socket.socket() as visitor:
        visitor.settimeout(2)
        return visitor.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("isolation", "reached"),
    [pytest.param(REQUIRED, False, marks=needs_namespaces), (NONE, True)],
)
def test_a_worker_s_port_from_outside(launcher: Launcher, isolation: str, reached: bool) -> None:
    """A worker listens on all interfaces: from outside it is reached only without isolation."""

    async def go() -> bool:
        async with launcher.server(PROGRAMS, isolation) as server:
            cluster = asyncio.ensure_future(launcher.cluster(server, "hold_a_port", 1))
            report = launcher.folder.case("hold_a_port").report(0)
            while not report.exists():
                await asyncio.sleep(0.01)
            port = int(report.read_text())
            found = await asyncio.to_thread(_reach, port)
            cluster.cancel()
            await asyncio.wait({cluster})
            return found

    assert asyncio.run(go()) == reached


@needs_namespaces
def test_workers_reach_each_other(launcher: Launcher) -> None:
    """Inside, workers reach each other on loopback."""
    end = launcher.run("visit_each_other", 3, isolation=REQUIRED)
    assert end.cause == ""


@needs_namespaces
def test_workers_have_nothing_but_loopback(launcher: Launcher) -> None:
    """Inside there is one interface, so nothing that a worker sends leaves the machine."""
    launcher.run("report_surroundings", 1, isolation=REQUIRED)
    (found,) = launcher.reports("report_surroundings", 1)
    assert found["interfaces"] == ["lo"]
    assert found["first process"] != "/sbin/init"
    assert found["processes"] < 10
    assert found["user"] == [os.getuid(), os.getgid()]


def test_isolation_is_told(launcher: Launcher) -> None:
    """A run reports which namespaces it has, and why one is missing."""

    async def of(isolation: str) -> tuple[bool, bool, str]:
        async with launcher.server(PROGRAMS, isolation) as server:
            found = server.isolation
            return found.network, found.processes, found.why

    assert asyncio.run(of(NONE)) == (False, False, "turned off")
    network, processes, why = asyncio.run(of(AUTO))
    assert (network and processes) == can_isolate()
    assert bool(why) != (network and processes)


# Where user namespaces are forbidden, as in many containers.
FORBIDDEN = """
import sys
from testbed.launcher.isolation import kernel
def unshare(flags):
    raise PermissionError(1, "Operation not permitted")
kernel.unshare = unshare
"""
NO_PROC = """
from testbed.launcher.isolation import kernel
def mount(*arguments):
    raise PermissionError(1, "Operation not permitted")
kernel.mount = mount
"""


@pytest.mark.parametrize(
    ("patch", "network"),
    [(FORBIDDEN, False), pytest.param(NO_PROC, True, marks=needs_namespaces)],
    ids=["no namespaces", "no process namespace"],
)
def test_what_is_refused_is_done_without(
    launcher: Launcher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patch: str,
    network: bool,
) -> None:
    """Where the kernel refuses a part, the run has the rest, works, and says what was refused."""
    (tmp_path / "sitecustomize.py").write_text(patch)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])
    monkeypatch.setenv("PYTHONPATH", path)

    async def go() -> None:
        async with launcher.server(PROGRAMS, AUTO) as server:
            assert (server.isolation.network, server.isolation.processes) == (network, False)
            assert server.isolation.why == "Operation not permitted"
            assert (await launcher.cluster(server, "report", 2)).cause == ""

    asyncio.run(go())
    if not network:
        with pytest.raises(LaunchError, match=r"not allowed here \(Operation not permitted\)"):
            launcher.run("report", isolation=REQUIRED)


@needs_namespaces
def test_who_has_no_privilege_has_it_too(tmp_path: Path) -> None:
    """Without privilege a user namespace gives the same, and outside its processes are seen."""
    script = (
        "import asyncio, os, pathlib, sys\n"
        "from testbed.launcher.machine.leftovers import processes_of\n"
        "from testbed.launcher.server.preloaded import preloaded_server\n"
        "from testbed.launcher.run_folder import RunFolder\n"
        "run = RunFolder(pathlib.Path(sys.argv[1]))\n"
        "async def go():\n"
        "    async with preloaded_server(['json'], run) as server:\n"
        "        user = os.readlink('/proc/self/ns/user')\n"
        "        print(server.isolation.network, server.isolation.processes)\n"
        "        print(os.readlink(f'/proc/{server.pid}/ns/user') != user)\n"
        "        print(len(processes_of(run.path)))\n"
        "asyncio.run(go())\n"
    )
    drop: list[str] = []
    if os.geteuid() == 0:
        # Somebody else, who may read this interpreter wherever root has put it.
        os.chown(tmp_path, NOBODY, NOBODY)
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        drop += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    root = Path(__file__).resolve().parents[2]
    command = [*drop, sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.stderr == ""
    # The keeper outside and the server inside.
    assert done.stdout.split() == ["True", "True", "True", "2"]


@needs_namespaces
def test_shared_memory_and_temporary_files_go_too(launcher: Launcher) -> None:
    """What a killed worker leaves in /dev/shm is gone with its run."""
    launcher.run("leave_shared_memory", 1, isolation=REQUIRED)
    (left,) = launcher.reports("leave_shared_memory", 1)
    assert left[0].startswith("/dev/shm/")
    assert not Path(left[0]).exists()
    assert not Path(left[1]).exists()


@needs_namespaces
def test_the_kernel_ends_everything(launcher: Launcher) -> None:
    """When the keeper is killed, even detached grandchildren of workers are gone."""

    async def go() -> None:
        async with launcher.server(PROGRAMS, REQUIRED) as server:
            cluster = asyncio.ensure_future(launcher.cluster(server, "keep_grandchildren", 2))
            case = launcher.folder.case("keep_grandchildren")
            while not all(case.report(worker).exists() for worker in range(2)):
                await asyncio.sleep(0.01)
            # Keeper, server, two workers, a child of each and a daemon of each.
            assert len(processes_of(launcher.folder.path)) == 8
            os.kill(server.pid, signal.SIGKILL)
            await cluster
            await asyncio.to_thread(wait_for, lambda: not processes_of(launcher.folder.path), 5)

    asyncio.run(go())


@needs_namespaces
def test_a_hang_inside_is_explained_as_outside(launcher: Launcher) -> None:
    """Stacks and deadlines work across the border of the namespaces."""
    end = launcher.run("one_never_reports", deadlines=Deadlines(1.0, 1.0), isolation=REQUIRED)
    assert end.cause.startswith("worker 1 is in phase 'step 3', at programs.py:")
