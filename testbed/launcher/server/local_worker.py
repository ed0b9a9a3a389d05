"""A handle on a worker of this machine's preloaded server, which uses a channel and the server."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from testbed.launcher.server.outbox import LoopOutbox
from testbed.launcher.server.worker_process import WorkerProcess

_LONGEST = 2**20
"""The longest line of a worker; more bytes without a line end come from other code."""


class LocalWorker(WorkerProcess):
    """A worker whose channel ends in this process; `ask` sends requests to the server."""

    def __init__(
        self,
        key: str,
        ask: Callable[[dict[str, Any]], asyncio.Future[Any]],
        changed: asyncio.Event,
        on_message: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__(key, changed, on_message)
        self._channel: socket.socket | None = None
        self._outbox: LoopOutbox | None = None
        self._unsaid: list[bytes] = []
        self._unread = b""
        self._ask = ask

    def connect(self, channel: socket.socket) -> None:
        """Attach the local end of the worker's channel, when its start is requested."""
        self._channel, self._outbox = channel, LoopOutbox(channel)
        asyncio.get_running_loop().add_reader(channel, self._read)
        for line in self._unsaid:
            self._outbox.put(line)
        self._unsaid.clear()

    def say(self, line: str) -> None:
        """Send the worker a line; the line waits until it can be sent."""
        data = line.encode() + b"\n"
        if self._outbox:
            self._outbox.put(data)
        elif self.status is None:
            self._unsaid.append(data)

    def request(self, what: dict[str, Any]) -> asyncio.Future[Any]:
        """Send a request about the worker to this machine's preloaded server."""
        return self._ask({**what, "worker": self.key})

    def ended(self, status: int, at: float) -> None:
        """Read the last messages, close the channel, and record the end."""
        # Its last messages may still be in the channel.
        while self._read():
            pass
        self._close()
        super().ended(status, at)

    def _read(self) -> bool:
        """Process the data in the channel; False when there is no more."""
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
            # Code in the worker wrote to a descriptor that it had not opened.
            self.words = self.words or f"something else wrote to its channel: {line[:80]!r}"

    def _close(self) -> None:
        if self._channel and self._outbox:
            self._outbox.close()
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
        self._channel = self._outbox = None
