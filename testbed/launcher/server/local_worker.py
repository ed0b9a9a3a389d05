"""The handle on a worker of this machine's own preloaded server: a channel, and the server."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from testbed.launcher.server.outbox import LoopOutbox
from testbed.launcher.server.worker_process import WorkerProcess

_LONGEST = 2**20
"""Of a line that a worker tells; more bytes without an end are none of its own."""


class LocalWorker(WorkerProcess):
    """A worker whose channel ends here; `ask` has the server do something to it."""

    def __init__(
        self,
        key: str,
        ask: Callable[[dict[str, Any]], asyncio.Future[Any]],
        changed: asyncio.Event,
        told: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__(key, changed, told)
        self._channel: socket.socket | None = None
        self._outbox: LoopOutbox | None = None
        self._unsaid: list[bytes] = []
        self._unread = b""
        self._ask = ask

    def connect(self, channel: socket.socket) -> None:
        """It is being started, and this is our end of its channel."""
        self._channel, self._outbox = channel, LoopOutbox(channel)
        asyncio.get_running_loop().add_reader(channel, self._read)
        for line in self._unsaid:
            self._outbox.put(line)
        self._unsaid.clear()

    def say(self, line: str) -> None:
        """See `WorkerProcess`; the line waits until it can be sent."""
        data = line.encode() + b"\n"
        if self._outbox:
            self._outbox.put(data)
        elif self.status is None:
            self._unsaid.append(data)

    def request(self, what: dict[str, Any]) -> asyncio.Future[Any]:
        """See `WorkerProcess`."""
        return self._ask({**what, "worker": self.key})

    def ended(self, status: int, at: float) -> None:
        """See `WorkerProcess`."""
        # What it said last may still lie in the channel.
        while self._read():
            pass
        self._close()
        super().ended(status, at)

    def _read(self) -> bool:
        """Take in what lies in the channel; False when there is nothing (any more)."""
        if self._channel is None:
            return False
        try:
            data = self._channel.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close()
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take_in_line(line)
        if len(self._unread) > _LONGEST:
            self._take_in_line(self._unread)
            self._unread = b""
        return True

    def _take_in_line(self, line: bytes) -> None:
        try:
            self.take_in(json.loads(line))
        except (ValueError, TypeError, KeyError):
            # Code in the worker wrote to a descriptor that it did not open.
            self.words = self.words or f"something else wrote to its channel: {line[:80]!r}"

    def _close(self) -> None:
        if self._channel and self._outbox:
            self._outbox.close()
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
        self._channel = self._outbox = None
