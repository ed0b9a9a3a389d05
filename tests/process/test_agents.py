"""Workers on agents: as on one machine, until an agent or worker 0 is gone."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from testbed.launcher.machine.leftovers import leftovers, processes_of
from tests.process.ranks import HERE, ROOT, ARank, Ranks, ranks, wait_for
from tests.soak import later

WAITING = ("wait_for_a_file",)


def all_end_well(started: Ranks) -> None:
    assert [rank.ends() for rank in started.all] == [0] * len(started.all), started.all[0].said


def cause_of(started: Ranks, program: str) -> str:
    """Why a cluster failed, in a run that came to its end all the same."""
    started.start_all()
    all_end_well(started)
    return str(started.end(program)["cause"])


def let_go(started: Ranks) -> None:
    (started.case("wait_for_a_file").path / "go").touch()


def mpi(number: int, size: int) -> dict[str, str]:
    names = ("RANK", "SIZE", "LOCAL_SIZE")
    return {
        f"OMPI_COMM_WORLD_{name}": str(value)
        for name, value in zip(names, (number, size, size), strict=True)
    }


def server_on_the_agent(started: Ranks) -> int:
    """The process id of the agent's preloaded server."""
    (agent,) = (each.pid for each in started.all[1:2])
    found = [each.pid for each in processes_of(started.run.path / "agents/1")]
    (server,) = (pid for pid in found if _parent_of(pid) == agent)
    return server


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("fresh", [pytest.param(False, id="forked"), later(True, name="fresh")])
def test_each_worker_is_on_its_own_agent(tmp_path: Path, fresh: bool) -> None:
    """Every rank starts one worker of the cluster, from its own server, with its own log."""
    with ranks(tmp_path, 3, fresh=fresh) as started:
        started.start_all()
        all_end_well(started)
        reports = [started.report("report", worker) for worker in range(3)]
        top = started.run.path
        assert [report["environment"]["TESTBED_RUN"] for report in reports] == [
            str(top),
            str(top / "agents/1"),
            str(top / "agents/2"),
        ]
        assert all("TF_CONFIG" not in report["environment"] for report in reports)
        assert all(started.case("report").log(worker).exists() for worker in range(3))
        assert not list(top.glob("**/tmp"))


def test_the_ports_of_tf_config_are_used(tmp_path: Path) -> None:
    """Where the environment gives ports, workers get those, and can listen on them."""
    with ranks(tmp_path, 3, programs=("listen",)) as started:
        started.start_all()
        all_end_well(started)
        end = started.end("listen")
        assert end["cause"] == ""
        assert end["addresses"] == [f"{HERE}:{port}" for port in started.ports]


def test_ports_are_picked_where_none_are_given(tmp_path: Path) -> None:
    """Where the environment gives no ports, each host picks one that is free."""
    with ranks(tmp_path, 3, programs=("listen",)) as started:
        for number in range(3):
            started.start(number, mpi(number, 3))
        all_end_well(started)
        end = started.end("listen")
        assert end["cause"] == ""
        assert len(set(end["addresses"])) == 3
        assert all(address.startswith(f"{HERE}:") for address in end["addresses"])


@pytest.mark.parametrize("given", [True, False], ids=["TF_CONFIG", "Open MPI"])
def test_more_workers_than_ranks(tmp_path: Path, given: bool) -> None:
    """Further workers are distributed round robin, each with a separate port."""
    with ranks(tmp_path, 2, programs=("listen", "report"), workers=5) as started:
        for number in range(2):
            started.start(number, None if given else mpi(number, 2))
        all_end_well(started)
        end = started.end("listen")
        assert end["cause"] == ""
        assert len(set(end["addresses"])) == 5
        if given:
            assert end["addresses"][:2] == [f"{HERE}:{port}" for port in started.ports]
        marks = [started.report("report", each)["environment"]["TESTBED_RUN"] for each in range(5)]
        mine, other = str(started.run.path), str(started.run.path / "agents/1")
        assert marks == [mine, other, mine, other, mine]


def test_fewer_workers_than_ranks(tmp_path: Path) -> None:
    """A smaller cluster leaves the last ranks without a worker."""
    with ranks(tmp_path, 3, programs=("listen",), workers=2) as started:
        started.start_all()
        all_end_well(started)
        assert len(started.end("listen")["addresses"]) == 2


@pytest.mark.parametrize("given", [True, False], ids=["TF_CONFIG", "Open MPI"])
def test_clusters_side_by_side(tmp_path: Path, given: bool) -> None:
    """Clusters that want the one port of TF_CONFIG take turns, and others have ports enough."""
    with ranks(tmp_path, 2, programs=("listen",), at_once=6) as started:
        for number in range(2):
            started.start(number, None if given else mpi(number, 2))
        all_end_well(started)
        ends = [started.end(name) for name in ("listen", *(f"listen-{n}" for n in range(1, 6)))]
        assert [end["cause"] for end in ends] == [""] * 6


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("end_by_signal", "killed by SIGSEGV"),
        ("raise_an_error", "exit code 1 (ValueError: worker 1 does not like this)"),
        later("leave_without_a_word", "exit code 0, without a report"),
        later("leave_by_sys_exit", "exit code 1 (it left by sys.exit('I am done'))"),
    ],
)
def test_an_early_end_on_an_agent(tmp_path: Path, program: str, how: str) -> None:
    """A worker that ends early on another host is named as it is on one machine."""
    with ranks(tmp_path, programs=(program,)) as started:
        cause = cause_of(started, program)
        assert re.fullmatch(
            rf"worker 1 ended after \d\.\d s in phase 'joined': {re.escape(how)}", cause
        )


def test_a_worker_is_killed_on_an_agent(tmp_path: Path) -> None:
    """A worker that somebody kills on another host is named as killed, and its family goes."""
    with ranks(tmp_path, programs=(*WAITING, "report")) as started:
        started.start_all()
        started.until_reported("wait_for_a_file")
        found = [started.report("wait_for_a_file", worker) for worker in range(2)]
        os.kill(found[1]["pid"], signal.SIGKILL)
        all_end_well(started)
        assert re.fullmatch(
            r"worker 1 ended after \d+\.\d s in phase 'joined': killed by SIGKILL",
            started.end("wait_for_a_file")["cause"],
        )
        assert started.end("report")["cause"] == ""
        assert not any(Path(f"/proc/{pid}").exists() for each in found for pid in each["family"])


@pytest.mark.parametrize("workers", [2, later(4)])
def test_a_hang_on_an_agent_is_explained(tmp_path: Path, workers: int) -> None:
    """When the time is over, a worker on an agent is named with the line at which it waits."""
    with ranks(tmp_path, workers, programs=("one_lags_behind", "report"), seconds=1.0) as started:
        cause = cause_of(started, "one_lags_behind")
        assert re.match(r"worker 1 is in phase 'step 3', at programs.py:\d+ in one_lags_", cause)
        assert re.search(r"; workers? 0.* in it, at programs.py:\d+ in one_lags_behind$", cause)
        assert started.end("one_lags_behind")["seconds"] < 1.0 + 5.0
        assert started.end("report")["cause"] == ""


def test_a_stopped_worker_on_an_agent(tmp_path: Path) -> None:
    """A worker that cannot show a stack is ended on another host as on one machine."""
    with ranks(tmp_path, programs=("ignore_everything",), seconds=1.0) as started:
        cause = cause_of(started, "ignore_everything")
        assert cause.startswith("worker 1 is in phase 'joined', without a stack to show (stopped")
        assert started.end("ignore_everything")["seconds"] < 1.0 + 5.0


def other_clock() -> list[str]:
    """A command that runs another one on a host that started a day earlier."""
    command = ["unshare", "--time", "--monotonic", "86400", "--fork", "--kill-child"]
    if os.geteuid():
        command[1:1] = ["--user", "--map-current-user"]
    return command


def can_have_another_clock() -> bool:
    try:
        return subprocess.run([*other_clock(), "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_have_another_clock(), reason="no time namespaces are allowed here")
@pytest.mark.parametrize("ahead", [later(0, name="worker 0"), pytest.param(1, id="agent")])
def test_times_are_of_one_clock(tmp_path: Path, ahead: int) -> None:
    """Hosts whose clocks differ by a day: phases are on one clock, and the first end is first."""
    with ranks(tmp_path, programs=("fail_one_after_the_other", "count_steps")) as started:
        for number in range(2):
            started.start(number, prefix=other_clock() if number == ahead else ())
        all_end_well(started)
        end = started.end("fail_one_after_the_other")
        assert re.fullmatch(
            r"worker 1 ended after \d\.\d s in phase 'joined': exit code 3", end["cause"]
        )
        for program in ("fail_one_after_the_other", "count_steps"):
            end = started.end(program)
            assert all(-0.1 <= after <= end["seconds"] + 0.1 for _, after in end["told"])


def gone(started: Ranks, why: str) -> None:
    """Worker 0 ends with an agent's name, and its last cluster tells the same."""
    told = f"worker 1's host {HERE} is gone: {why}"
    first = started.all[0]
    assert first.ends(20) == 1
    assert first.said.endswith(f"testbed: {told}\n")
    assert json.loads(started.run.end.read_text()) == {"status": 1, "message": told}
    end = started.end("wait_for_a_file")
    assert end["lost"] == told
    assert re.fullmatch(
        rf"worker 1 was ended after \d+\.\d s in phase 'joined': {re.escape(told)}", end["cause"]
    )
    assert not (started.case("report").path / "end.json").exists()


def started_and_waiting(started: Ranks) -> ARank:
    """Start all ranks, and wait until their workers do; the agent of worker 1."""
    started.start_all()
    started.until_reported("wait_for_a_file", started.size)
    return started.all[1]


@pytest.mark.parametrize("size", [later(2), 4])
def test_an_agent_is_killed(tmp_path: Path, size: int) -> None:
    """A killed agent is noticed at once: it is named, all ends, and nothing is left anywhere."""
    with ranks(tmp_path, size, programs=(*WAITING, "report")) as started:
        agent = started_and_waiting(started)
        began = time.monotonic()
        agent.kill(signal.SIGKILL)
        gone(started, "the connection was closed")
        for other in started.all[2:]:
            assert other.ends(20) == 1
            assert f"worker 1's host {HERE} is gone" in other.said
        started.assert_nothing_is_left()
        assert time.monotonic() - began < 8


def test_an_agent_is_told_to_end(tmp_path: Path) -> None:
    """An agent that gets SIGTERM ends its workers, and worker 0 names it."""
    with ranks(tmp_path, programs=(*WAITING, "report")) as started:
        agent = started_and_waiting(started)
        agent.kill(signal.SIGTERM)
        assert agent.ends(10) == 130
        gone(started, "the connection was closed")


@pytest.mark.parametrize(
    ("silence", "beat"), [(1.0, 0.2), later(8.0, 1.0)], ids=["soon", "as it is in use"]
)
def test_an_agent_is_stopped(tmp_path: Path, silence: float, beat: float) -> None:
    """An agent that says nothing is given up after SILENCE_S; when it goes on it ends itself."""
    with ranks(tmp_path, programs=(*WAITING, "report"), silence=silence, beat=beat) as started:
        agent = started_and_waiting(started)
        began = time.monotonic()
        agent.kill(signal.SIGSTOP)
        gone(started, f"nothing was heard of it for {silence:.0f} s")
        assert silence - beat < time.monotonic() - began < silence + 6
        agent.kill(signal.SIGCONT)
        assert agent.ends(20) == 1
        assert "testbed: worker 0 is gone: " in agent.said
        started.assert_nothing_is_left()


@pytest.mark.parametrize("size", [later(2), 4])
def test_worker_0_is_killed(tmp_path: Path, size: int) -> None:
    """When worker 0 is killed, every agent notices at once, ends its workers and itself."""
    with ranks(tmp_path, size, programs=WAITING) as started:
        started_and_waiting(started)
        began = time.monotonic()
        started.all[0].kill(signal.SIGKILL)
        for agent in started.all[1:]:
            assert agent.ends(20) == 1
            assert agent.said.endswith("testbed: worker 0 is gone: the connection was closed\n")
        started.all[0].ends()
        started.assert_nothing_is_left()
        assert time.monotonic() - began < 8


def test_worker_0_is_stopped(tmp_path: Path) -> None:
    """Agents of a worker 0 that says nothing end, and so does it as soon as it goes on."""
    with ranks(tmp_path, programs=(*WAITING, "report"), silence=1.0, beat=0.2) as started:
        agent = started_and_waiting(started)
        first = started.all[0]
        first.kill(signal.SIGSTOP)
        assert agent.ends(20) == 1
        assert agent.said.endswith("testbed: worker 0 is gone: nothing was heard of it for 1 s\n")
        wait_for(lambda: not processes_of(started.run.path / "agents/1"), 8)
        first.kill(signal.SIGCONT)
        assert first.ends(20) == 1
        assert f"worker 1's host {HERE} is gone: " in first.said


@pytest.mark.parametrize("number", [signal.SIGINT, later(signal.SIGTERM), later(signal.SIGHUP)])
def test_worker_0_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    """An interrupted run ends everywhere, and says so."""
    with ranks(tmp_path, 3, programs=(*WAITING, "report")) as started:
        started_and_waiting(started)
        began = time.monotonic()
        started.all[0].kill(number)
        assert [rank.ends(20) for rank in started.all] == [130, 0, 0]
        assert json.loads(started.run.end.read_text()) == {"status": 130, "message": "interrupted"}
        assert started.all[0].said.endswith("testbed: interrupted; all workers are ended\n")
        assert all("Traceback" not in rank.said for rank in started.all)
        started.assert_nothing_is_left()
        assert time.monotonic() - began < 8


def test_all_are_interrupted_at_once(tmp_path: Path) -> None:
    """Ctrl-C that reaches every rank, as under mpirun, is an interrupt and nothing else."""
    with ranks(tmp_path, 3, programs=(*WAITING, "report")) as started:
        started_and_waiting(started)
        for rank in started.all:
            rank.kill(signal.SIGINT)
        statuses = [rank.ends(20) for rank in started.all]
        assert statuses[0] in (1, 130)
        assert set(statuses[1:]) <= {0, 130}
        assert all("Traceback" not in rank.said for rank in started.all)


def test_the_server_of_an_agent_is_killed(tmp_path: Path) -> None:
    """An agent whose server is gone lives on, and says why it starts no worker any more."""
    with ranks(tmp_path, programs=("one_never_reports", "report")) as started:
        started.start_all()
        ledger = started.case("one_never_reports").ledger
        wait_for(lambda: ledger.exists() and "step 3" in ledger.read_text())
        os.kill(server_on_the_agent(started), signal.SIGKILL)
        all_end_well(started)
        log = started.run.path / "agents/1/server.log"
        for program in ("one_never_reports", "report"):
            assert started.end(program)["cause"].endswith(
                f": killed by SIGKILL (the preloaded server has ended unexpectedly; see {log})"
            )


BROKEN = """
import sys
if "testbed.launcher.server.server" in sys.orig_argv:
    sys.modules["tests.process.programs"] = None
"""


@pytest.mark.parametrize("number", [later(0), 1])
def test_a_server_that_cannot_start(tmp_path: Path, number: int) -> None:
    """A host on which the workers' modules are missing is named, and the run ends everywhere."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    with ranks(tmp_path) as started:
        for each in range(2):
            broken = path if each == number else {}
            started.start(each, {**started.environment(each), **broken})
        assert [rank.ends(20) for rank in started.all] == [1, 1]
        told = json.loads(started.run.end.read_text())["message"]
        where = f"worker 1's host {HERE}: " * bool(number)
        assert told.startswith(f"{where}the preloaded server could not import: ")
        assert all(told in rank.said for rank in started.all)
        assert all("Traceback" not in rank.said for rank in started.all)


def test_a_port_that_is_taken_meanwhile(tmp_path: Path) -> None:
    """A port of TF_CONFIG that a stranger takes after all were asked is told with its host."""
    with ranks(tmp_path, programs=("report",)) as started, socket.socket() as stranger:
        first = started.start(0)
        wait_for(started.run.meeting.exists)
        # Worker 0 has looked at its port already.
        stranger.bind((HERE, started.ports[0]))
        second = started.start(1)
        assert (first.ends(20), second.ends(20)) == (1, 1)
        told = f"worker 0's host {HERE}: [Errno 98] Address already in use"
        assert json.loads(started.run.end.read_text())["message"] == told
        assert told in second.said
        assert "Traceback" not in first.said


def test_a_run_that_goes_on_has_left_nothing(tmp_path: Path) -> None:
    """Workers of agents belong to a run that goes on: nobody takes them for leftovers."""
    with ranks(tmp_path, programs=WAITING) as started:
        started_and_waiting(started)
        assert len(started.left) >= 4
        found = [run for run in leftovers() if started.run.path in (run, *run.parents)]
        let_go(started)
        all_end_well(started)
        assert found == []
