"""Ports are held against strangers, and open to workers that know how to ask."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.launcher.isolation.ports import held_ports


def test_distinct() -> None:
    """All ports that are held at once differ."""
    with held_ports(32) as ports:
        assert len(set(ports)) == 32


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_strangers_are_refused(address: str) -> None:
    """Who does not share the port explicitly cannot bind it, on loopback or all interfaces."""
    with held_ports(1) as (port,), socket.socket() as stranger, pytest.raises(OSError, match="use"):
        stranger.bind((address, port))


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_workers_may_listen(family: socket.AddressFamily) -> None:
    """A server that sets SO_REUSEPORT, as gRPC does when told to, can listen on a held port."""
    with held_ports(1) as (port,), socket.socket(family) as worker:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
        worker.listen()


def test_connections_reach_the_worker() -> None:
    """The holder does not listen, so no connection is lost to it."""
    with held_ports(1) as (port,), socket.socket() as worker:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("127.0.0.1", port))
        worker.listen(16)
        for _ in range(16):
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                worker.accept()[0].close()


def test_released_at_the_end() -> None:
    """After the block the port is anybody's."""
    with held_ports(1) as (port,):
        pass
    with socket.socket() as anybody:
        anybody.bind(("127.0.0.1", port))


def test_portserver_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PORTSERVER_ADDRESS names a portserver, the ports are from its pool."""
    address = str(tmp_path / "portserver")
    server = Path(sys.executable).with_name("portserver.py")
    pool = ["--portserver_static_pool", "21000-21049"]
    command = [sys.executable, str(server), *pool, "--portserver_address", address]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        # The file of the socket exists before the server listens on it.
        while not _listens(address):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        monkeypatch.setenv("PORTSERVER_ADDRESS", address)
        with held_ports(4) as ports:
            assert all(21000 <= port <= 21049 for port in ports)
            assert len(set(ports)) == 4
    finally:
        process.kill()
        process.wait()


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(address) == 0
