"""A server that speaks the protocol of NCCL's RAS, and workers that hang with such a server."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

from testbed.launcher.server.channel import Channel
from tests.process.orders import PlayOrders, program

STATUS = """\
NCCL version 2.27.3 compiled with CUDA 12.9
CUDA runtime version 12090, driver version 13000

Job summary
===========

  Nodes  Processes         GPUs  Processes     GPUs
(total)   per node  per process    (total)  (total)
      1          2            1          2        2

Communicators... (1.01s)
=============

Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
    #  in group  per comm  per node  per comm  in group
    0         1         1         2         2         2   RUNNING  INCOMPLETE

Errors
======

INCOMPLETE
  Missing communicator data from 1 job process
  Process 3487984 on node 172.16.64.213 managing GPU 1

Warnings
========

TIMEOUT
  Encountered 2 communication timeouts while gathering communicator data

"""
SUMMARY = (
    "errors: INCOMPLETE; Missing communicator data from 1 job process; Process 3487984 on node"
    " 172.16.64.213 managing GPU 1; warnings: TIMEOUT; Encountered 2 communication timeouts while"
    " gathering communicator data"
)


def listening(address: str) -> socket.socket:
    """A socket that listens as RAS does: several processes share the port."""
    host, _, port = address.partition(":")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, int(port)))
    listener.listen()
    return listener


def serve(listener: socket.socket, status: str = STATUS) -> None:
    """Answer one client after another until the socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                _answer(client, status)


def _answer(client: socket.socket, status: str) -> None:
    with client.makefile("rb") as lines:
        for line in lines:
            command = line.decode().strip().lower()
            if command.startswith("client protocol "):
                client.sendall(b"SERVER PROTOCOL 2\n")
            elif command.startswith("timeout "):
                client.sendall(b"OK\n" if command.split()[1].isdigit() else b"ERROR\n")
            elif command == "status":
                # The status comes in parts, as RAS collects it.
                half = len(status) // 2
                client.sendall(status[:half].encode())
                client.sendall(status[half:].encode())
                return
            else:
                client.sendall(f"ERROR: Unknown command {command}\n".encode())


@contextlib.contextmanager
def serving(status: str = STATUS) -> Iterator[str]:
    """Serve in this process, at the address that is yielded."""
    with listening("127.0.0.1:0") as listener:
        host, port = listener.getsockname()
        threading.Thread(target=serve, args=(listener, status), daemon=True).start()
        yield f"{host}:{port}"
        # `accept` does not return when another thread closes the socket.
        listener.shutdown(socket.SHUT_RDWR)


@program
def hangs_with_ras(orders: PlayOrders, channel: Channel) -> None:
    """Worker 0 answers as RAS, and the others are stopped; all hang."""
    listener = listening(os.environ["NCCL_RAS_ADDR"])
    channel.phase("started")
    channel.phase("joined")
    if orders.worker:
        os.kill(os.getpid(), signal.SIGSTOP)
    serve(listener)
