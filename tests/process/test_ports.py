"""Ports are held against strangers, and open to workers that know how to ask."""

import socket

import pytest

from testbed.launch.ports import held_ports


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
