"""NCCL's RAS, asked about a hang: whatever answers, the report comes in time."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable

import pytest

from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.nccl.status import status_at, summary
from tests.process.conftest import Launcher
from tests.process.ras_programs import STATUS, SUMMARY, listening, serving

PROGRAMS = "tests.process.ras_programs"
SECONDS = 2.0


def test_the_status_is_read_to_its_end() -> None:
    """The whole text comes, in however many parts, without the answers to other commands."""
    with serving() as address:
        assert status_at(address, SECONDS) == STATUS
        assert status_at(address.replace("127.0.0.1", "localhost"), SECONDS) == STATUS


def test_the_summary_has_errors_and_warnings() -> None:
    """Other sections are left out; a long summary is cut; a job without faults has none."""
    assert summary(STATUS) == SUMMARY
    healthy = re.sub(r"(Errors\n=+\n)[\s\S]*(Warnings\n=+\n)[\s\S]*", r"\1\n\2\n", STATUS)
    assert summary(healthy) == "no errors or warnings"
    assert summary("") == ""
    assert len(summary(STATUS.replace("TIMEOUT", "x" * 5000))) < 700


def _silent(client: socket.socket) -> None:
    client.recv(1000)


def _garbage(client: socket.socket) -> None:
    client.sendall(b"\xff\xfe nothing of NCCL\n")


def _endless(client: socket.socket) -> None:
    client.sendall(b"SERVER PROTOCOL 2\n")
    client.recv(1000)
    client.sendall(b"OK\n")
    while True:
        client.sendall(b"x" * 4096)


@pytest.mark.parametrize(
    ("behave", "longest"), [(_silent, 0), (_garbage, 0), (_endless, 64 * 1024)]
)
def test_an_odd_server_costs_no_more_than_the_time_allows(
    behave: Callable[[socket.socket], None], longest: int
) -> None:
    """One that is silent, speaks another protocol, or never ends: the answer has limits."""
    clients: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        try:
            while True:
                clients.append(listener.accept()[0])
                behave(clients[-1])
        except OSError:
            pass

    with listening("127.0.0.1:0") as listener:
        host, port = listener.getsockname()
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        began = time.monotonic()
        found = status_at(f"{host}:{port}", SECONDS)
        assert time.monotonic() - began < 2 * SECONDS
        assert len(found) == longest
        listener.shutdown(socket.SHUT_RDWR)
    for client in clients:
        client.close()


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:1", "no such host.:28028"])
def test_where_nothing_listens_there_is_no_answer(address: str) -> None:
    """An address that is wrong, or that nothing listens at, raises nothing."""
    assert status_at(address, SECONDS) == ""


def test_a_hang_has_what_nccl_reports(launcher: Launcher) -> None:
    """RAS is asked in the network of the workers, past those that do not answer."""
    with held_ports(1) as (port,):
        address = f"127.0.0.1:{port}"
        end = launcher.run(
            "hangs_with_ras",
            2,
            deadlines=Deadlines(60.0, 1.0),
            preload=(PROGRAMS,),
            module=PROGRAMS,
            environment={"NCCL_RAS_ADDR": address},
            nccl=address,
        )
    file = launcher.folder.case("hangs_with_ras").nccl_status
    assert end.missed_deadline == "run"
    assert end.hang.endswith(f"; NCCL reports {SUMMARY} (all of it: {file})")
    assert file.read_text() == STATUS


def test_a_standstill_has_what_nccl_reports(launcher: Launcher) -> None:
    """The line about workers of a program that stand still, too."""
    told: list[str] = []
    with held_ports(1) as (port,):
        address = f"127.0.0.1:{port}"
        launcher.run(
            "hangs_with_ras",
            1,
            deadlines=Deadlines(
                60.0, 6.0, patience=Patience(show=1.0, interval=0.2, tell=told.append)
            ),
            preload=(PROGRAMS,),
            module=PROGRAMS,
            environment={"NCCL_RAS_ADDR": address},
            nccl=address,
        )
    assert told
    assert told[0].startswith("no worker has moved for ")
    assert f"; NCCL reports {SUMMARY}" in told[0]


def test_workers_without_ras_hang_as_before(launcher: Launcher) -> None:
    """Where nothing answers at the address, the report has no such part."""
    with held_ports(2) as (port, other):
        end = launcher.run(
            "hangs_with_ras",
            1,
            deadlines=Deadlines(60.0, 0.5),
            preload=(PROGRAMS,),
            module=PROGRAMS,
            environment={"NCCL_RAS_ADDR": f"127.0.0.1:{port}"},
            nccl=f"127.0.0.1:{other}",
        )
    assert end.missed_deadline == "run"
    assert "NCCL" not in end.hang
