"""An outbox that the running event loop sends."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from testbed.launcher.server.wire import Outbox


class LoopOutbox:
    """Sends on a socket without blocking; data that the kernel does not take is sent later."""

    def __init__(self, sending: socket.socket) -> None:
        sending.setblocking(False)
        self._socket = sending
        self._outbox = Outbox(sending)
        self._waits = False

    @property
    def is_empty(self) -> bool:
        """Whether the kernel has taken everything."""
        return self._outbox.is_empty

    def put(self, data: bytes, passed: socket.socket | None = None) -> None:
        """Send data, now or later; arguments as for `Outbox.put`. Dropped if the peer is gone."""
        self._outbox.put(data, passed)
        if not self._waits:
            self._flush()

    def close(self) -> None:
        """Stop sending; the owner closes the socket itself."""
        self._outbox.drop()
        self._wait(False)

    def _flush(self) -> None:
        # The reader of the socket notices that the other end is gone.
        with contextlib.suppress(OSError):
            self._outbox.flush()
        self._wait(not self._outbox.is_empty)

    def _wait(self, waits: bool) -> None:
        if waits and not self._waits:
            asyncio.get_running_loop().add_writer(self._socket, self._flush)
        elif self._waits and not waits:
            asyncio.get_running_loop().remove_writer(self._socket)
        self._waits = waits
