"""A worker's line to the launching process: one JSON object a line, both ways."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from typing import Any

from testbed.launcher.server.kept_descriptors import identity, moved_out_of_the_way

# Of what a worker says at its end; an exception may hold a whole dataset.
_WORDS = 500

EXIT_CODE_COUNTS = "exit_code_counts"
"""Told with a phase by a worker that runs somebody's program: with os._exit or exec it may end
without a report, and then its exit code is all that there is to say."""

_channels: list[Channel] = []


def in_worker() -> bool:
    """Whether this process is a worker, or was forked from one."""
    return bool(_channels)


class Channel:
    """The worker's end. Reads its orders, tells its phases, and leaves when told to.

    It is of the process that opened it: a process forked from that one tells nothing. Where the
    worker's code has closed the descriptor, whatever it opened under the number is left alone, and
    nothing is told or waited for any more.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=moved_out_of_the_way(fd))
        self._identity = identity(self._socket.fileno())
        self._process = os.getpid()
        self._lines = self._socket.makefile("r", encoding="utf-8")
        # Replica threads may tell phases too, and half a line must never be followed by another.
        self._lock = threading.Lock()
        self._hold_at = ""
        _channels.append(self)

    def orders(self) -> dict[str, Any]:
        """The first thing that a worker reads: what it is to do.

        Raises:
            ConnectionError: the launching process is gone.
        """
        line = self._read_line()
        if not line:
            raise ConnectionError("the launching process left before it gave orders")
        orders: dict[str, Any] = json.loads(line)
        return orders

    def hold_at(self, phase: str) -> None:
        """Block when this phase is told, until whoever watches this worker lets it go on.

        So that what is done to a worker at a phase is done at that phase, not somewhere after it.
        """
        self._hold_at = phase

    def phase(self, name: str, **details: Any) -> None:
        """Tell how far this worker has come."""
        self._send({"phase": name, "at": time.monotonic(), **details})
        if name == self._hold_at:
            self._hold_at = ""
            self._read_line()

    def note(self, name: str, /, **details: Any) -> None:
        """Tell something that is no phase."""
        self._send({"note": name, "at": time.monotonic(), **details})

    def ask(self, name: str, /, **details: Any) -> str:
        """Tell it, and block until the launching process has answered; its answer.

        Raises:
            ConnectionError: the launching process is gone.
        """
        self.note(name, **details)
        answer = self._lines.readline()
        if not answer:
            raise ConnectionError("the launching process left before it answered")
        return answer.rstrip("\n")

    def last_words(self, words: str) -> None:
        """Tell why this worker is about to end without a report."""
        self._send({"words": words[:_WORDS]})

    def reported(self, *, good: bool) -> None:
        """Tell that the report is written, and whether this worker's peers can still finish."""
        self._send({"phase": "reported", "at": time.monotonic(), "good": good})

    def wait_for_leave(self) -> None:
        """Block until every worker of the cluster has reported.

        A worker that left earlier would take its collectives' peers down with it.
        """
        self._read_line()

    def wait_for_turn(self) -> None:
        """Block until it is this worker's turn, which whoever watches it decides.

        Raises:
            ConnectionError: the launching process is gone.
        """
        self.phase("waiting")
        if not self._read_line():
            raise ConnectionError("the launching process left while this worker waited")

    @property
    def is_own(self) -> bool:
        """Whether this is the process that opened it, and not one that was forked from that."""
        return os.getpid() == self._process

    def _send(self, message: dict[str, Any]) -> None:
        if not self._is_open():
            return
        data = (json.dumps(message) + "\n").encode()
        # Whoever listened may be gone; then the server, or the kernel, ends this worker.
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(data)

    def _read_line(self) -> str:
        """The next line for this worker; nothing where there is nobody to send one."""
        with contextlib.suppress(OSError):
            return self._lines.readline() if self._is_open() else ""
        return ""

    def _is_open(self) -> bool:
        return self.is_own and identity(self._socket.fileno()) == self._identity
