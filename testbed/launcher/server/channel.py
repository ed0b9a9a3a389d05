"""A worker's connection to the launching process: one JSON object a line, both ways."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from typing import Any

from testbed.launcher.server.kept_descriptors import identity, moved_out_of_the_way

# The limit of a worker's last words; an exception may contain a whole dataset.
_WORDS = 500

EXIT_CODE_COUNTS = "exit_code_counts"
"""A worker that runs the user's program sends this with a phase: with os._exit or exec the program
may end without a report, and then only its exit code shows how it ended."""

_channels: list[Channel] = []


def in_worker() -> bool:
    """Whether this process is a worker, or was forked from one."""
    return bool(_channels)


class Channel:
    """The worker's end: reads its envelope, reports its phases, and waits for permission to leave.

    It belongs to the process that opened it: a process forked from that one sends nothing. If the
    worker's code has closed the descriptor, the channel does not touch a new file under its number,
    and neither sends nor waits any more.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=moved_out_of_the_way(fd))
        self._identity = identity(self._socket.fileno())
        self._process = os.getpid()
        self._lines = self._socket.makefile("r", encoding="utf-8")
        # Replica threads may report phases too, and their lines must not mix.
        self._lock = threading.Lock()
        self._hold_at = ""
        _channels.append(self)

    def first_line(self) -> str:
        """Read the first line: the worker's envelope.

        Raises:
            ConnectionError: the launching process is gone.
        """
        line = self._read_line()
        if not line:
            raise ConnectionError("the launching process left before it gave orders")
        return line

    def hold_at(self, phase: str) -> None:
        """Block when this phase is reported, until the launching process lets the worker continue.

        So a fault is injected into a worker exactly at a phase, and not some time after it; and a
        worker that may not be needed does nothing before that is decided.
        """
        self._hold_at = phase

    def phase(self, name: str, **details: Any) -> None:
        """Report the phase that this worker has reached, and wait there if it is held at it.

        Raises:
            ConnectionError: the launching process is gone while this worker is held.
        """
        self._send({"phase": name, "at": time.monotonic(), **details})
        if name == self._hold_at:
            self._hold_at = ""
            if not self._read_line() and self._is_open():
                raise ConnectionError("the launching process left while this worker waited")

    def note(self, name: str, /, **details: Any) -> None:
        """Send a note, which is not a phase."""
        self._send({"note": name, "at": time.monotonic(), **details})

    def ask(self, name: str, /, **details: Any) -> str:
        """Send a note, block until the launching process answers, and return its answer.

        Raises:
            ConnectionError: the launching process is gone.
        """
        self.note(name, **details)
        answer = self._lines.readline()
        if not answer:
            raise ConnectionError("the launching process left before it answered")
        return answer.rstrip("\n")

    def last_words(self, words: str) -> None:
        """Report why this worker is about to end without a report."""
        self._send({"words": words[:_WORDS]})

    def reported(self, *, good: bool) -> None:
        """Report that the report file is written, and whether this worker's peers can finish."""
        self._send({"phase": "reported", "at": time.monotonic(), "good": good})

    def wait_for_leave(self) -> None:
        """Block until every worker of the cluster has reported.

        A worker that left earlier would take its collectives' peers down with it.
        """
        self._read_line()

    def wait_for_turn(self) -> None:
        """Block until it is this worker's turn, which the launching process decides.

        Raises:
            ConnectionError: the launching process is gone.
        """
        self.phase("waiting")
        if not self._read_line():
            raise ConnectionError("the launching process left while this worker waited")

    @property
    def is_own(self) -> bool:
        """Whether this process opened the channel; False in a process forked from that one."""
        return os.getpid() == self._process

    def _send(self, message: dict[str, Any]) -> None:
        if not self._is_open():
            return
        data = (json.dumps(message) + "\n").encode()
        # The launching process may be gone; then the server, or the kernel, ends this worker.
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(data)

    def _read_line(self) -> str:
        """Read the next line for this worker; empty if the launching process is gone."""
        with contextlib.suppress(OSError):
            return self._lines.readline() if self._is_open() else ""
        return ""

    def _is_open(self) -> bool:
        return self.is_own and identity(self._socket.fileno()) == self._identity
