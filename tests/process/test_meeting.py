"""All ranks meet before anything runs, or are told why they do not: real processes on loopback."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.launcher.run_folder import write_json
from tests.process.namespaces import needs_namespaces
from tests.process.ranks import HERE, end_of, ranks, refused, wait_for
from tests.soak import later


def test_all_meet(tmp_path: Path) -> None:
    """Two ranks meet, each runs a worker of its own, and both end with 0."""
    with ranks(tmp_path) as started:
        started.start_all()
        assert [rank.ends() for rank in started.all] == [0, 0]
        assert f"testbed: 2 workers have met: {HERE}, {HERE}\n" in started.all[0].said
        assert started.all[1].said == f"testbed: worker 1 of 2 at {HERE}, says TF_CONFIG\n"
        marks = [started.report("report", each)["environment"]["TESTBED_RUN"] for each in range(2)]
        assert marks == [str(started.run.path), str(started.run.path / "agents/1")]
        assert end_of(started.run) == {"status": 0, "message": ""}


def test_eight_meet_in_any_order(tmp_path: Path) -> None:
    """Eight ranks meet, whoever comes first, and the folder need not be there."""
    with ranks(tmp_path, 8) as started:
        for number in (5, 2, 7, 0, 1, 6, 3, 4):
            started.start(number)
        assert [rank.ends() for rank in started.all] == [0] * 8
        assert started.end("report")["cause"] == ""
        pids = {started.report("report", each)["pid"] for each in range(8)}
        assert len(pids) == 8


def test_one_alone_meets_nobody(tmp_path: Path) -> None:
    """A cluster of one rank waits for nobody."""
    with ranks(tmp_path, 1) as started:
        assert started.start(0).ends() == 0


def test_the_invitation_is_for_this_user_only(tmp_path: Path) -> None:
    """What lets an agent in can be read by this user alone while it is there, and is then gone."""
    with ranks(tmp_path) as started:
        first = started.start(0)
        wait_for(started.run.meeting.exists)
        found = started.run.meeting.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid())
        started.start(1)
        assert first.ends() == 0
        assert not started.run.meeting.exists()
        assert not list(started.run.path.glob(".testbed-*"))


@pytest.mark.parametrize(
    ("absent", "who"),
    [
        later((2,), "worker 2 of 4 has"),
        ((1, 3), "workers 1, 3 of 4 have"),
    ],
)
def test_who_is_missing_is_named(tmp_path: Path, absent: tuple[int, ...], who: str) -> None:
    """When the time is over, whoever has not come is named, to all who have."""
    with ranks(tmp_path, 4, meet=2.0) as started:
        began = time.monotonic()
        for number in range(4):
            if number not in absent:
                started.start(number)
        told = f"{who} not come within 2 s (worker 0, by TF_CONFIG, waits at {HERE})"
        refused(started, told, status=1)
        assert 2 < time.monotonic() - began < 10


def test_worker_0_is_missing(tmp_path: Path) -> None:
    """An agent that nobody waits for says which file it has looked for."""
    with ranks(tmp_path, meet=1.0) as started:
        agent = started.start(1)
        assert agent.ends() == 1
        assert agent.said.endswith(
            "testbed: worker 1 has not met the others in 1 s:"
            f" {started.run.meeting} is not there: has worker 0 come, and is the folder shared?\n"
        )


def test_an_invitation_of_somebody_who_is_gone(tmp_path: Path) -> None:
    """What a killed worker 0 has left misleads nobody: it is told, and the next one is met."""
    with ranks(tmp_path, meet=1.5) as started:
        (port,) = started.ports[:1]
        old = {"host": HERE, "port": port, "token": "x", "folder": str(started.run.path)}
        started.run.path.mkdir(0o755)
        write_json(started.run.meeting, old)
        started.run.meeting.chmod(0o600)
        agent = started.start(1)
        assert agent.ends() == 1
        assert f"worker 0 waits at {HERE} port {port}, but: " in agent.said
        started.meet = 30.0
        started.start_all()
        assert [rank.ends() for rank in started.all[1:]] == [0, 0]


def test_an_invitation_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that somebody else has put there is told as what it is."""
    with ranks(tmp_path, meet=1.0) as started:
        started.run.path.mkdir(0o755)
        started.run.meeting.mkdir()
        agent = started.start(1)
        assert agent.ends() == 1
        assert "Is a directory" in agent.said
        assert "Traceback" not in agent.said


def test_one_of_another_cluster(tmp_path: Path) -> None:
    """A worker that sees other addresses is told beside what worker 0 sees."""
    with ranks(tmp_path) as started:
        mine = [f"{HERE}:{port}" for port in started.ports]
        other = [mine[0], f"localhost:{started.ports[1]}"]
        started.start(0)
        started.start(1, started.environment(1, worker=other))
        refused(
            started,
            f"worker 1 sees another cluster (2 workers, {', '.join(other)}, by TF_CONFIG) than"
            f" worker 0 (2 workers, {', '.join(mine)})",
        )


def test_one_of_another_testbed(tmp_path: Path) -> None:
    """Hosts with different versions of the testbed do not work together."""
    with ranks(tmp_path) as started:
        first = started.start(0)
        started.start(1, version="0.0.1")
        assert first.ends() == 2
        told = end_of(started.run)["message"]
        assert told.startswith("worker 1 has testbed 0.0.1, worker 0 has ")
        refused(started, told)


def test_a_name_that_means_nothing(tmp_path: Path) -> None:
    """A worker that cannot resolve a name says which, and all are told."""
    with ranks(tmp_path, meet=3.0) as started:
        mine = [f"{HERE}:{port}" for port in started.ports]
        odd = [f"nowhere.invalid:{started.ports[0]}", mine[1]]
        started.start(0)
        started.start(1, started.environment(1, worker=odd))
        assert started.all[0].ends() == 2
        told = end_of(started.run)["message"]
        assert told.startswith("worker 1: the name nowhere.invalid means no address here (")
        assert "worker 1 sees another cluster" in told
        refused(started, told)


@pytest.mark.parametrize("name", ["nowhere.invalid", "a..invalid"])
def test_worker_0_cannot_resolve_a_name(tmp_path: Path, name: str) -> None:
    """What worker 0 cannot resolve is told at the latest when the time is over."""
    with ranks(tmp_path, meet=1.0) as started:
        odd = [f"{HERE}:{started.ports[0]}", f"{name}:{started.ports[1]}"]
        first = started.start(0, started.environment(0, worker=odd))
        assert first.ends() == 1
        assert "Traceback" not in first.said
        told = end_of(started.run)["message"]
        assert f"waits at {HERE}; the name {name} means no address here (" in told


def test_one_address_for_two(tmp_path: Path) -> None:
    """Workers that were given one address are told by their numbers."""
    with ranks(tmp_path) as started:
        same = [f"{HERE}:{started.ports[0]}", f"localhost:{started.ports[0]}"]
        for number in range(2):
            started.start(number, started.environment(number, worker=same))
        refused(started, f"worker 0: workers 0 and 1 have one address, {same[1]}")


@pytest.mark.parametrize("number", [later(0), 1])
def test_a_port_that_is_taken(tmp_path: Path, number: int) -> None:
    """A port of TF_CONFIG that a stranger listens on is told with its worker."""
    with socket.create_server((HERE, 0)) as stranger, ranks(tmp_path) as started:
        started.ports[number] = stranger.getsockname()[1]
        started.start_all()
        told = f"port {started.ports[number]} cannot be used here: Address already in use"
        refused(started, f"worker {number}: {told}")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Several mistakes are told together, each with its worker."""
    with socket.create_server((HERE, 0)) as stranger, ranks(tmp_path, 3) as started:
        started.ports[1] = stranger.getsockname()[1]
        started.start(0)
        started.start(1)
        started.start(2, version="0.0.1")
        assert started.all[0].ends() == 2
        first, second = end_of(started.run)["message"].split("; ")
        assert first.startswith("worker 1: port ")
        assert second.startswith("worker 2 has testbed 0.0.1")


@pytest.mark.parametrize("file", ["end.json", "plan.json"])
def test_a_used_folder_is_refused(tmp_path: Path, file: str) -> None:
    """A folder that holds a run already is left as it is."""
    with ranks(tmp_path) as started:
        started.run.path.mkdir(0o755)
        text = '{"status": 0, "message": ""}'
        (started.run.path / file).write_text(text)
        first = started.start(0)
        assert first.ends() == 2
        assert f"{started.run.path} holds a run already: give another --folder\n" in first.said
        assert (started.run.path / file).read_text() == text


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A folder below a file is refused in one line."""
    (tmp_path / "run").write_text("")
    with ranks(tmp_path) as started:
        first = started.start(0, folder=tmp_path / "run" / "x")
        assert first.ends() == 2
        assert first.said.endswith(f"cannot use the folder {tmp_path}/run/x: Not a directory\n")


def test_a_folder_at_another_path(tmp_path: Path) -> None:
    """Hosts that have the folder at different paths are told to mount it at one."""
    with ranks(tmp_path) as started:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir(0o755)
        agent = started.start(1, folder=elsewhere)
        wait_for(lambda: "says TF_CONFIG" in agent.said)
        started.meet = 3.0
        first = started.start(0)
        wait_for(started.run.meeting.exists)
        (elsewhere / "meeting.json").hardlink_to(started.run.meeting)
        assert agent.ends() == 2
        assert agent.said.endswith(
            f"testbed: the folder is {elsewhere} here, and {started.run.path} for worker 0: mount"
            " it at one path\n"
        )
        assert first.ends() == 1


def test_a_link_to_the_folder_is_the_folder(tmp_path: Path) -> None:
    """A path that leads to the same place is the same folder."""
    with ranks(tmp_path) as started:
        (tmp_path / "link").symlink_to(started.run.path)
        started.start(0)
        started.start(1, folder=tmp_path / "link")
        assert [rank.ends() for rank in started.all] == [0, 0]


def test_worker_0_has_an_address_of_another_host(tmp_path: Path) -> None:
    """Where worker 0 cannot listen at its own address, that is told, here and to all others."""
    with ranks(tmp_path) as started:
        odd = [f"192.0.2.7:{started.ports[0]}", f"{HERE}:{started.ports[1]}"]
        for number in range(2):
            started.start(number, started.environment(number, worker=odd))
        name = socket.gethostname()
        refused(started, f"worker 0: 192.0.2.7 is no address of this host ({name})")


@needs_namespaces
def test_hosts_with_other_addresses_are_listened_for(tmp_path: Path) -> None:
    """Where worker 0's own name means loopback and others' do not, all can come all the same."""
    # In a network of the test's own, where nobody else can come in.
    network = ["unshare", "--net", "--map-root-user", "sh", "-c"]
    with ranks(tmp_path) as started:
        addresses = [f"127.0.0.1:{started.ports[0]}", f"10.99.0.1:{started.ports[1]}"]
        both = [
            json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": n}})
            for n in range(2)
        ]
        rank = f"-m tests.process.a_rank {started.run.path} 20"
        orders = json.dumps({"programs": ["report"]})
        script = (
            "ip link set lo up && ip addr add 10.99.0.1/24 dev lo &&"
            f" (TF_CONFIG='{both[1]}' $PYTHON {rank} '{orders}' &"
            f" TF_CONFIG='{both[0]}' $PYTHON {rank} '{orders}'; s=$?; wait; exit $s)"
        )
        done = subprocess.run(
            [*network, script],
            env={**os.environ, "PYTHON": sys.executable},
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert "2 workers have met: 127.0.0.1, 10.99.0.1" in done.stderr
