"""Asks NCCL's RAS for the status of a job, in the network of the workers, and summarizes it.

RAS is a thread in every process that uses NCCL 2.24 or newer. It answers on a TCP port, in lines
of text (`src/ras/client_support.cc` in the sources of NCCL): each command has an answer of one
line, and the status ends with the connection. RAS asks the other processes of the job before it
answers.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from testbed.launcher.entry import Entry
from testbed.launcher.run_folder import write_text
from testbed.launcher.server.channel import Channel

# Seconds that RAS waits for the processes that do not answer it, a whole number in its protocol.
_TIMEOUT_S = 1
# A process that has been stopped accepts a connection, and does not answer. The port is that of all
# workers, so that the next connection may reach another one; NCCL's own client does the same.
_FIRST_ANSWER_S = 0.1
_LONGEST = 64 * 1024
_LONGEST_LINE = 600
_SECTION = re.compile(r"^(?P<name>\w[\w ]*)\n=+\n", re.MULTILINE)


@dataclass(frozen=True)
class StatusOrders:
    """The orders of a process that asks RAS beside the workers of a cluster."""

    address: str
    """`host:port` of RAS."""
    report: str
    """The file for the status."""
    seconds: float
    """The most that the question may take."""


ASK_STATUS = Entry("testbed.launcher.nccl.status:ask_status", StatusOrders)


@ASK_STATUS.implementation
def ask_status(orders: StatusOrders, channel: Channel) -> None:
    """Write the status into the file of the orders; nothing where RAS does not answer."""
    status = status_at(orders.address, orders.seconds)
    if status:
        write_text(Path(orders.report), status)
    channel.reported(good=True)
    channel.wait_for_leave()


def status_at(address: str, seconds: float) -> str:
    """The status of the job, as RAS words it; empty where nothing answers in time.

    Args:
        address: `host:port` of RAS.
        seconds: the most that the question may take.
    """
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + seconds
    while port.isdigit() and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError, UnicodeDecodeError):
            return _ask((host.strip("[]"), int(port)), deadline)
    return ""


def _ask(place: tuple[str, int], deadline: float) -> str:
    """Ask once.

    Raises:
        TimeoutError: there was no answer to the first line in time.
    """
    with (
        contextlib.suppress(ConnectionError, socket.gaierror),
        socket.create_connection(place, timeout=_FIRST_ANSWER_S) as line,
        # Unbuffered, so that nothing of the status is read with an answer.
        line.makefile("rb", buffering=0) as answers,
    ):
        for command, answer in (
            ("CLIENT PROTOCOL 2", b"SERVER PROTOCOL "),
            (f"TIMEOUT {_TIMEOUT_S}", b"OK"),
        ):
            line.sendall(f"{command}\n".encode())
            if not answers.readline(_LONGEST_LINE).startswith(answer):
                return ""
        line.sendall(b"STATUS\n")
        return _rest(line, deadline)
    return ""


def _rest(line: socket.socket, deadline: float) -> str:
    """What comes until the end of the connection, or until the deadline."""
    found = b""
    with contextlib.suppress(TimeoutError):
        while len(found) < _LONGEST and (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            part = line.recv(_LONGEST - len(found))
            if not part:
                break
            found += part
    return found.decode(errors="replace")


def summary(status: str) -> str:
    """The errors and warnings of a status in one line; empty for an empty status."""
    if not status.strip():
        return ""
    parts = _SECTION.split(status)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    found = [
        f"{name.lower()}: {'; '.join(filter(None, map(str.strip, sections[name].splitlines())))}"
        for name in ("Errors", "Warnings")
        if sections.get(name, "").strip()
    ]
    said = "; ".join(found) or "no errors or warnings"
    return said if len(said) <= _LONGEST_LINE else said[:_LONGEST_LINE] + "..."
