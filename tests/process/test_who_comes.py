"""Joining a rendezvous twice, late, again, without an invitation, or after its end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from testbed.hosts.connection import connect
from tests.process.ranks import HERE, end_of, ranks, refused, wait_for
from tests.soak import later


def test_a_worker_that_comes_twice(tmp_path: Path) -> None:
    """Two processes that both are worker 1 are refused, before a third is waited for."""
    with ranks(tmp_path, 3) as started:
        started.start(0)
        twins = [started.start(1), started.start(1)]
        name = socket.gethostname()
        assert started.all[0].ends() == 2
        told = end_of(started.run)["message"]
        orders = [
            f"worker 1 has come twice, from {name}, process {one.pid} and from {name}, process"
            f" {other.pid}"
            for one, other in (twins, twins[::-1])
        ]
        assert told in orders
        refused(started, told)


def test_a_second_worker_0(tmp_path: Path) -> None:
    """A second process that is worker 0 is told so, and the first goes on."""
    with ranks(tmp_path) as started:
        first = started.start(0)
        wait_for(started.run.meeting.exists)
        second = started.start(0)
        assert second.ends() == 2
        assert "a run goes on in" in second.said
        assert "is there a second worker 0?" in second.said
        started.start(1)
        assert first.ends() == 0


def test_one_of_a_larger_cluster(tmp_path: Path) -> None:
    """A worker whose number worker 0 does not know of is refused, and nobody is waited for."""
    with ranks(tmp_path) as started:
        mpi = {"OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_LOCAL_SIZE": "3"}
        two = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"}
        started.start(0, {**two, "OMPI_COMM_WORLD_RANK": "0"})
        started.start(2, {**mpi, "OMPI_COMM_WORLD_RANK": "2"})
        assert started.all[0].ends() == 2
        told = end_of(started.run)["message"]
        assert told.startswith("worker 2 has come from ")
        assert told.endswith(", and worker 0 knows of 2 workers, by OMPI_COMM_WORLD_RANK")
        refused(started, told)


def test_a_late_duplicate_disturbs_nobody(tmp_path: Path) -> None:
    """Another worker 1 that comes while the run goes on is sent away, and the run goes on."""
    with ranks(tmp_path, programs=("wait_for_a_file",)) as started:
        started.start_all()
        started.until_reported("wait_for_a_file")
        late = started.start(1)
        assert late.ends() == 1
        told = "testbed: worker 1 has come twice, from"
        assert told in late.said
        wait_for(lambda: told in started.all[0].said)
        (started.case("wait_for_a_file").path / "go").touch()
        assert [rank.ends() for rank in started.all[:2]] == [0, 0]
        assert started.end("wait_for_a_file")["cause"] == ""


def test_whoever_comes_after_the_end(tmp_path: Path) -> None:
    """A worker that comes when the run is over ends as the run did."""
    with ranks(tmp_path) as started:
        started.start_all()
        assert [rank.ends() for rank in started.all] == [0, 0]
        assert started.start(1).ends() == 0


def test_strangers_do_not_disturb_the_meeting(tmp_path: Path) -> None:
    """A connection to the port of the rendezvous without the token is rejected without effect."""
    with ranks(tmp_path, 3) as started:
        started.start(0)
        wait_for(started.run.meeting.exists)
        told = json.loads(started.run.meeting.read_text())
        strangers = [socket.create_connection((HERE, told["port"])) for _ in range(4)]
        strangers[0].sendall(b"[" * 100_000 + b"\n")
        strangers[1].sendall(b'{"nonce": "\\ud800"}\n{"proof": "\\ud800"}\n')
        strangers[2].close()
        # The last one stays and says nothing.
        started.start(1)
        started.start(2)
        assert [rank.ends() for rank in started.all] == [0] * 3
        assert "Traceback" not in started.all[0].said
        for stranger in strangers:
            stranger.close()


ODD: list[Any] = [float("inf"), None, [{}]]


def test_who_knows_the_token_and_talks_nonsense(tmp_path: Path) -> None:
    """An agent that does not say who it is, is not let in, and the others are waited for."""
    with ranks(tmp_path) as started:
        started.start(0)
        wait_for(started.run.meeting.exists)
        told = json.loads(started.run.meeting.read_text())

        async def visit(said: dict[str, Any]) -> None:
            line = await connect(HERE, told["port"], told["token"])
            line.send(said)
            await line.close()

        whole: dict[str, Any] = {
            "worker": 1,
            "host": HERE,
            "hostname": "h1",
            "pid": 1,
            "taken_from": "TF_CONFIG",
            "cluster": ["2 workers"],
            "version": "1",
            "problems": [],
        }
        wrong = [{**whole, name: odd} for name in whole for odd in ODD]
        wrong += [{"worker": "x"}, {"worker": 1}, {"nothing": 1}]
        for said in wrong:
            asyncio.run(visit(said))
        started.start(1)
        assert [rank.ends() for rank in started.all] == [0, 0]
        assert "Traceback" not in started.all[0].said


def test_a_worker_that_was_started_again(tmp_path: Path) -> None:
    """A worker that ended before all had met may come again, and the old one is forgotten."""
    with ranks(tmp_path, 3) as started:
        first, agent = started.start(0), started.start(1)
        wait_for(lambda: (started.run.path / "agents/1").exists())
        agent.kill(signal.SIGKILL)
        agent.ends()
        again, last = started.start(1), started.start(2)
        assert [rank.ends() for rank in (first, again, last)] == [0] * 3


def test_a_worker_that_has_come_and_gone(tmp_path: Path) -> None:
    """A worker that ended before all had met, and does not come again, is missing."""
    with ranks(tmp_path, 3, meet=3.0) as started:
        first, agent = started.start(0), started.start(1)
        wait_for(lambda: (started.run.path / "agents/1").exists())
        agent.kill(signal.SIGKILL)
        started.start(2)
        assert first.ends() == 1
        assert end_of(started.run)["message"] == (
            "worker 1 of 3 has not come within 3 s (worker 0, by TF_CONFIG, waits at"
            f" {HERE}; worker 1's host {HERE} is gone: the connection was closed)"
        )


@pytest.mark.parametrize("number", [signal.SIGINT, later(signal.SIGTERM)])
def test_worker_0_is_interrupted_while_it_waits(tmp_path: Path, number: signal.Signals) -> None:
    """An interrupt ends the rendezvous at once, for all who have joined or are about to join."""
    with ranks(tmp_path, 3) as started:
        first, agent = started.start(0), started.start(1)
        wait_for(lambda: (started.run.path / "agents/1").exists())
        first.kill(number)
        assert first.ends(10) == 130
        assert end_of(started.run) == {"status": 130, "message": "interrupted"}
        assert agent.ends(10) in (0, 130)
        late = started.start(2)
        assert late.ends(10) == 130
        assert late.said.endswith("testbed: interrupted\n")


def test_an_agent_is_interrupted_while_it_waits(tmp_path: Path) -> None:
    """An agent that waits for worker 0 ends at once when it is told to."""
    with ranks(tmp_path) as started:
        agent = started.start(1)
        wait_for(lambda: "says TF_CONFIG" in agent.said)
        agent.kill(signal.SIGTERM)
        assert agent.ends(10) in (130, -signal.SIGTERM)
