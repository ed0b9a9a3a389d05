"""Holds ports, so that no other process can take them while a cluster uses them."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

import portpicker

from testbed.launcher.machine import descriptors

_ATTEMPTS = 100


@contextlib.contextmanager
def held_ports(count: int, chosen: int | None = None) -> Iterator[list[int]]:
    """Pick `count` ports (from portpicker's portserver, where one runs) and hold them.

    A picked port is free only until another process picks it too. So each is bound here with
    SO_REUSEPORT, without listening, for as long as the block lasts. The kernel refuses binds of
    other programs, and a worker that has TF_GRPC_REUSE_PORT=true in its environment can still
    listen on it.

    Args:
        count: how many.
        chosen: the first of them, where the environment prescribes it.

    Raises:
        OSError: the machine has no free port left, or the chosen one is in use.
    """
    with descriptors.raised(), contextlib.ExitStack() as stack:
        first = [] if chosen is None else [chosen]
        for port in first:
            stack.enter_context(_held(port))
        yield [*first, *(_hold(stack) for _ in range(count - len(first)))]


@contextlib.contextmanager
def _held(port: int) -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", port))
        yield


def _hold(stack: contextlib.ExitStack) -> int:
    problem: OSError | None = None
    for _ in range(_ATTEMPTS):
        port = _picked()
        try:
            stack.enter_context(_held(port))
        except OSError as taken:
            if taken.errno in (errno.EMFILE, errno.ENFILE):
                raise
            # Another process bound it between the pick and the bind, so pick again.
            problem = taken
            continue
        return port
    raise OSError(f"no port could be held in {_ATTEMPTS} attempts") from problem


def _picked() -> int:
    try:
        return int(portpicker.pick_unused_port())
    except portpicker.NoFreePortFoundError:
        # portpicker raises this also for too few descriptors; then this raises the real error.
        socket.socket().close()
        raise OSError(errno.EADDRNOTAVAIL, "no port is free") from None
