"""What of a network TensorFlow would hang on, asked on loopback alone."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from testbed.hosts.network_checks import (
    is_elsewhere,
    is_loopback,
    outward_address,
    problems_of,
)
from testbed.hosts.rank import Rank
from tests.chosen_ports import chosen_ports

# Of the range that is for documents alone: no host has it.
NOWHERE = "192.0.2.7"


def rank(*addresses: str, number: int = 0, host: str = "", nodes: tuple[str, ...] = ()) -> Rank:
    size = len(addresses) or len(nodes) or 2
    return Rank(number, size, "TF_CONFIG", host, addresses, nodes, meets_within=0.1)


def problems(of: Rank) -> list[str]:
    return asyncio.run(problems_of(of, of.host))


def test_nothing_is_wrong() -> None:
    """Two workers on two free ports of loopback are fine, seen from either."""
    with chosen_ports(2) as (one, other):
        addresses = f"127.0.0.1:{one}", f"localhost:{other}"
        assert problems(rank(*addresses, host="127.0.0.1")) == []
        assert problems(rank(*addresses, number=1, host="localhost")) == []


def test_nothing_is_known() -> None:
    """Where the environment names no hosts there is nothing to ask."""
    assert problems(rank()) == []


@pytest.mark.parametrize("name", ["nowhere.invalid", "a..invalid", "x" * 64 + ".invalid"])
def test_a_name_without_an_address(name: str) -> None:
    """A name that means nothing, or is none, is told, and costs no more than its deadline."""
    began = time.monotonic()
    (told,) = problems(rank(nodes=("127.0.0.1", name)))
    assert told.startswith(f"the name {name} means no address here (")
    assert time.monotonic() - began < 5


def test_a_name_may_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that appears while it is waited for is no problem."""
    asked = []

    async def late(_loop: object, host: str, port: None) -> list[object]:
        asked.append(host)
        if len(asked) == 1:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr("testbed.hosts.network_checks._AGAIN_S", 0.01)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", late)
    assert problems(rank(nodes=("late.invalid", "late.invalid"))) == []
    assert asked == ["late.invalid", "late.invalid"]


def test_an_address_of_another_host() -> None:
    """Whoever is given an address that its host does not have could not listen there."""
    (told,) = problems(rank(nodes=(NOWHERE, "127.0.0.1"), host=NOWHERE))
    assert told == f"{NOWHERE} is no address of this host ({socket.gethostname()})"


def test_a_name_of_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name, the address that it means is told, too."""

    async def elsewhere(_loop: object, host: str, port: None) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (NOWHERE, 0))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", elsewhere)
    (told,) = problems(rank(nodes=("other.invalid",), host="other.invalid"))
    assert told.startswith(f"other.invalid is {NOWHERE}, which is no address of this host")


def test_one_address_for_two() -> None:
    """Two workers at one address are told by their numbers, by worker 0 alone."""
    with chosen_ports(2) as (one, other):
        addresses = f"127.0.0.1:{one}", f"127.0.0.1:{other}", f"localhost:{other}"
        assert problems(rank(*addresses, host="127.0.0.1")) == [
            f"workers 1 and 2 have one address, localhost:{other}"
        ]
        assert problems(rank(*addresses, number=1, host="127.0.0.1")) == []


def test_a_port_that_is_taken() -> None:
    """A port that somebody listens on already is told before a worker is to listen there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (told,) = problems(rank(f"127.0.0.1:{port}", host="127.0.0.1"))
    assert told == f"port {port} cannot be used here: Address already in use"


def test_a_port_that_is_just_given_back() -> None:
    """A port whose last connection still lingers counts as free, as it does for gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()
        client.close()
    assert problems(rank(f"127.0.0.1:{port}", host="127.0.0.1")) == []


def test_a_port_s_number_is_not_asked_of_others() -> None:
    """Only the own port is looked at: the others' are on other hosts."""
    with socket.create_server(("127.0.0.1", 0)) as server, chosen_ports(1) as (mine,):
        taken = server.getsockname()[1]
        addresses = f"127.0.0.1:{mine}", f"127.0.0.1:{taken}"
        assert problems(rank(*addresses, host="127.0.0.1")) == []


@pytest.mark.parametrize(
    ("host", "loopback", "elsewhere"),
    [
        ("127.0.0.1", True, False),
        ("127.9.9.9", True, False),
        ("::1", True, False),
        ("localhost", True, False),
        (NOWHERE, False, True),
        ("nowhere.invalid", False, False),
        ("a..invalid", False, False),
    ],
)
def test_where_a_host_is(host: str, loopback: bool, elsewhere: bool) -> None:
    """Loopback is here and any other address elsewhere; a name that means nothing is neither."""
    assert (is_loopback(host), is_elsewhere(host)) == (loopback, elsewhere)


def test_the_outward_address_is_this_host_s() -> None:
    """The address from which others would be reached can be bound here."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((outward_address(), 0))
