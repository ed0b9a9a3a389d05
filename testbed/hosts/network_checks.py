"""Finds network problems on which TensorFlow would hang without a message, before a run."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import os
import socket
import time

from testbed.hosts.rank import Rank, split_address

NAMES_DEADLINE_S = 60.0
"""Names of a Kubernetes service appear some time after their pods."""
_AGAIN_S = 1.0


async def problems_of(rank: Rank, own: str) -> list[str]:
    """Find the network problems that this process can see; one sentence each.

    Args:
        rank: the rank of this process.
        own: the host name for its peers; empty where they find out the address themselves.
    """
    found = []
    deadline = time.monotonic() + min(NAMES_DEADLINE_S, rank.meets_within / 2)
    meant = {}
    for host in dict.fromkeys([*rank.hosts, own] if own else rank.hosts):
        try:
            meant[host] = await _resolved(host, deadline)
        except OSError as problem:
            found.append(f"the name {host} means no address here ({problem.strerror or problem})")
    if own in meant and not _is_here(meant[own]):
        means = "" if own == meant[own] else f"{meant[own]}, which is "
        found.append(f"{own} is {means}no address of this host ({socket.gethostname()})")
    if rank.addresses:
        if not rank.number:
            # The others have the same list, or the difference is reported as a problem.
            found += _alike(rank, meant)
        found += _port_in_use(split_address(rank.addresses[rank.number])[1])
    return found


async def _resolved(host: str, deadline: float) -> str:
    """Resolve a host name to its address here.

    Raises:
        OSError: it has no address before the deadline.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            return str((await loop.getaddrinfo(host, None))[0][4][0])
        except UnicodeError:
            raise OSError("it is no name of a host") from None
        except OSError:
            if time.monotonic() + _AGAIN_S > deadline:
                raise
        # A name server has no event for a new name.
        await asyncio.sleep(_AGAIN_S)


def _is_here(address: str) -> bool:
    """Whether this host has an address, and so can bind it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as problem:
        return problem.errno != errno.EADDRNOTAVAIL
    return True


def _alike(rank: Rank, meant: dict[str, str]) -> list[str]:
    """Find pairs of workers with the same address."""
    places = []
    for address in rank.addresses:
        host, port = split_address(address)
        places.append((meant.get(host, host), port))
    return [
        f"workers {one} and {other} have one address, {rank.addresses[other]}"
        for one, other in itertools.combinations(range(rank.size), 2)
        if places[one] == places[other]
    ]


def _port_in_use(port: int) -> list[str]:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As gRPC does: a port in TIME_WAIT counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", port))
    except OSError as problem:
        return [f"port {port} cannot be used here: {os.strerror(problem.errno or 0)}"]
    return []


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is loopback, which only this host can reach."""
    return _means_loopback(host) is True


def is_elsewhere(host: str) -> bool:
    """Whether a host's name or address is one that other hosts can reach."""
    return _means_loopback(host) is False


def _means_loopback(host: str) -> bool | None:
    """Whether it is loopback; None where it has no address here."""
    try:
        return ipaddress.ip_address(socket.getaddrinfo(host, None)[0][4][0]).is_loopback
    except (OSError, UnicodeError):
        return None


def outward_address() -> str:
    """The address from which this host sends to other hosts; loopback where it has no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # On a datagram socket this sends nothing: the kernel only looks up the route.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
