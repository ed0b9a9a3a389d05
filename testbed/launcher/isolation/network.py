"""Gives each worker of a cluster a separate network, so that it can be cut off.

The run's network namespace has one bridge. A worker that asks for an address gets a namespace with
an interface `eth0`, whose other end is on the bridge, like a host on a switch. Switching that end
off unplugs the cable.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import Iterator

from testbed.launcher.isolation import kernel

BRIDGE = "testbed0"
_PREFIX = "10.77"
_HOSTS = 250

_SIOCBRADDBR, _SIOCBRADDIF = 0x89A0, 0x89A2
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_RTM_NEWLINK = 16
_NLM_REQUEST_CREATE_ACK = 0x1 | 0x4 | 0x200 | 0x400
_NLMSG_ERROR = 2
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_INFO_PEER = 1, 2, 1


def address_of(number: int) -> str:
    """The address of the number-th worker of a server; no address is used twice."""
    return f"{_PREFIX}.{number // _HOSTS}.{number % _HOSTS + 1}"


@contextlib.contextmanager
def own_network(address: str, cable: str) -> Iterator[None]:
    """Make a new network namespace for the processes that are forked in this block.

    Args:
        address: the address of its interface `eth0`.
        cable: the name of that interface's other end, on the bridge of the namespace that this
            process is in; at most 15 letters.

    Raises:
        OSError: the kernel does not allow it.
    """
    hub = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _require_bridge()
        kernel.unshare(kernel.CLONE_NEWNET)
        try:
            kernel.set_link("lo", up=True)
            _make_cable("eth0", cable, hub)
            _set_address("eth0", address)
            kernel.set_link("eth0", up=True)
            yield
        finally:
            kernel.enter_network(hub)
        _ioctl(_SIOCBRADDIF, struct.pack("16si20x", BRIDGE.encode(), socket.if_nametoindex(cable)))
        kernel.set_link(cable, up=True)
    finally:
        os.close(hub)


def _require_bridge() -> None:
    if BRIDGE not in (name for _, name in socket.if_nameindex()):
        _ioctl(_SIOCBRADDBR, BRIDGE.encode() + b"\0")
        kernel.set_link(BRIDGE, up=True)


def _set_address(name: str, address: str) -> None:
    for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.0.0")):
        number = socket.inet_aton(value)
        _ioctl(request, struct.pack("16sHH4s16x", name.encode(), socket.AF_INET, 0, number))


def _ioctl(request: int, argument: bytes) -> None:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
        fcntl.ioctl(any_socket, request, argument)


def _make_cable(here: str, there: str, namespace: int) -> None:
    """Make a veth pair: one end in this namespace, the other in the descriptor's namespace."""
    # The kernel offers no ioctl for this, only a netlink message.
    header = struct.pack("BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
    peer = (
        header
        + _attribute(_IFLA_IFNAME, there.encode() + b"\0")
        + _attribute(_IFLA_NET_NS_FD, struct.pack("I", namespace))
    )
    data = _attribute(_INFO_DATA, _attribute(_VETH_INFO_PEER, peer))
    link = _attribute(_IFLA_LINKINFO, _attribute(_INFO_KIND, b"veth") + data)
    body = header + _attribute(_IFLA_IFNAME, here.encode() + b"\0") + link
    message = struct.pack("IHHII", 16 + len(body), _RTM_NEWLINK, _NLM_REQUEST_CREATE_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel_socket:
        kernel_socket.send(message + body)
        answer = kernel_socket.recv(65536)
    kind = struct.unpack_from("H", answer, 4)[0]
    problem = -struct.unpack_from("i", answer, 16)[0] if kind == _NLMSG_ERROR else 0
    if problem:
        raise OSError(problem, f"cannot make {here}: {os.strerror(problem)}")


def _attribute(kind: int, value: bytes) -> bytes:
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("HH", 4 + len(value), kind) + value + padding
