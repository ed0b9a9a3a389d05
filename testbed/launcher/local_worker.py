"""The handle on a worker of this machine's own preloaded server: a channel, and the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any

from testbed.launcher.worker_process import WorkerProcess


class LocalWorker(WorkerProcess):
    """A worker whose channel ends here; `ask` has the server do something to it."""

    def __init__(
        self,
        key: str,
        channel: socket.socket,
        ask: Callable[[dict[str, Any]], asyncio.Future[None]],
        changed: asyncio.Event,
        told: Callable[[dict[str, Any]], None],
    ) -> None:
        super().__init__(key, changed, told)
        channel.setblocking(False)
        self._channel = channel
        self._unread = b""
        self._ask = ask
        asyncio.get_running_loop().add_reader(channel, self._read)

    def say(self, line: str) -> None:
        """See `WorkerProcess`; the channel holds the line until it is read."""
        # A worker that has ended cannot hear; its end is told by `ended`.
        with contextlib.suppress(OSError):
            self._channel.setblocking(True)
            self._channel.sendall(line.encode() + b"\n")
            self._channel.setblocking(False)

    def request(self, what: dict[str, Any]) -> asyncio.Future[None]:
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
        return True

    def _take_in_line(self, line: bytes) -> None:
        try:
            self.take_in(json.loads(line))
        except (ValueError, TypeError, KeyError):
            # Code in the worker wrote to a descriptor that it did not open.
            self.words = self.words or f"something else wrote to its channel: {line[:80]!r}"

    def _close(self) -> None:
        if self._channel.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
