"""JSON messages and descriptors on a stream socket, one message a line, without blocking.

Both ends of such a socket serve an event loop. If both waited in `send`, each for the other to
read, they would wait for ever. So data that the kernel does not take at once is kept here, and sent
when the socket is writable.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from typing import Any

_CHUNK = 65536

# The kernel never joins two messages that carry descriptors in one read; see unix(7).
_FDS_A_READ = 4


def line_of(message: Any) -> bytes:
    """Encode a message as one line."""
    return json.dumps(message).encode() + b"\n"


class Outbox:
    """Data that waits to be sent on a non-blocking socket."""

    def __init__(self, sending: socket.socket) -> None:
        self._socket = sending
        self._unsent: deque[tuple[memoryview, socket.socket | None]] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether the kernel has taken everything."""
        return not self._unsent

    def put(self, data: bytes, passed: socket.socket | None = None) -> None:
        """Queue data to be sent.

        Args:
            data: the bytes.
            passed: a socket to pass to the other end with the first byte of the data; it is closed
                here when it is sent.
        """
        self._unsent.append((memoryview(data), passed))

    def flush(self) -> None:
        """Send as much as the kernel takes now.

        Raises:
            OSError: the other end is gone; the unsent data is dropped.
        """
        try:
            while self._unsent:
                data, passed = self._unsent[0]
                sent = socket.send_fds(self._socket, [data], [passed.fileno()] if passed else [])
                if passed:
                    passed.close()
                if sent == len(data):
                    self._unsent.popleft()
                else:
                    self._unsent[0] = (data[sent:], None)
        except BlockingIOError:
            return
        except OSError:
            self.drop()
            raise

    def drop(self) -> None:
        """Drop the unsent data, and close the sockets that would be passed with it."""
        for _, passed in self._unsent:
            if passed:
                passed.close()
        self._unsent.clear()


class Inbox:
    """Reads messages, and the descriptors passed with them, in order."""

    def __init__(self, receiving: socket.socket) -> None:
        self._socket = receiving
        self._unread = bytearray()
        self._fds: deque[int | None] = deque()

    def receive(self) -> list[dict[str, Any]] | None:
        """Read the available data, and return the complete messages; None at the end.

        A message that is longer than one read is complete after several.
        """
        try:
            data, fds, flags, _ = socket.recv_fds(self._socket, _CHUNK, _FDS_A_READ)
        except BlockingIOError:
            return []
        except OSError:
            # The other end has left without reading everything.
            return None
        if not data:
            return None
        self._fds.extend(fds)
        if flags & socket.MSG_CTRUNC:
            # This process has too many descriptors for one more, so the kernel has dropped it.
            self._fds.append(None)
        searched = len(self._unread)
        self._unread += data
        end = self._unread.rfind(b"\n", searched) + 1
        lines = bytes(self._unread[:end]).split(b"\n")[:-1]
        del self._unread[:end]
        return [json.loads(line) for line in lines]

    def take_fd(self) -> int | None:
        """The next descriptor that came with a message; None for one that the kernel dropped."""
        return self._fds.popleft() if self._fds else None
