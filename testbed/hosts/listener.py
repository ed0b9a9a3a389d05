"""Worker 0's listening socket, which limits the cost and the number of unproven connections.

Until a connection is admitted, UNPROVEN_BYTES are read from it at a time, and at most four times as
many are kept. When too many are open, the oldest one from the address with the most is closed. A
proof takes milliseconds, so an agent gets in while another program keeps many connections open.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

UNPROVEN_BYTES = 256
"""The limit for a message before the proof; the longest valid one has 130 bytes."""
SPARE_PER_ADDRESS = 16
"""Unproven connections from one address, beyond one for each expected agent."""
SPARE = 64
"""The same limit for all addresses together."""

_BACKLOG = 128
_ADMITTED_BYTES = 2**16
# Without free descriptors the kernel reports the same waiting connection again and again.
_PAUSE_S = 0.1

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


class Listener:
    """Accepts connections until it is closed.

    Args:
        listening: a listening socket.
        serve: gets the streams of each connection.
        expected: agents, all of which may come from one address.
    """

    def __init__(self, listening: socket.socket, serve: Serve, expected: int) -> None:
        self.sockets = (listening,)
        self._serve = serve
        self._per_address, self._together = SPARE_PER_ADDRESS + expected, SPARE + expected
        self._unproven: dict[_Connection, str] = {}
        self._starting: set[asyncio.Future[Any]] = set()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Accept no more; admitted connections stay open."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self.sockets[0])
        self.sockets[0].close()
        for connection in list(self._unproven):
            connection.abort()

    def _accept(self) -> None:
        # One at a time, so that proofs make progress between the connections of a flood.
        try:
            connected, address = self.sockets[0].accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        except OSError:
            self._loop.remove_reader(self.sockets[0])
            self._loop.call_later(_PAUSE_S, self._resume)
            return
        connected.setblocking(False)
        connection = _Connection(self, str(address[0]), self._serve)
        starting = asyncio.ensure_future(self._start(connection, connected))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    def _resume(self) -> None:
        if not self._closed:
            self._loop.add_reader(self.sockets[0], self._accept)

    async def _start(self, connection: _Connection, connected: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: connection, connected)

    def take(self, connection: _Connection, address: str) -> bool:
        """Count a connection as unproven, and make room for it; False when closed."""
        if self._closed:
            return False
        self._unproven[connection] = address
        crowded, count = Counter(self._unproven.values()).most_common(1)[0]
        if count > self._per_address or len(self._unproven) > self._together:
            oldest = next(each for each, other in self._unproven.items() if other == crowded)
            self.forget(oldest)
            oldest.abort()
        return True

    def forget(self, connection: _Connection) -> None:
        """Stop counting a connection, which is closed or admitted."""
        self._unproven.pop(connection, None)


class _Connection(asyncio.StreamReaderProtocol, asyncio.BufferedProtocol):
    """A connection's streams, with a buffer that stays small until it is admitted."""

    def __init__(self, listener: Listener, address: str, serve: Serve) -> None:
        # The stream stops reading when it holds more than twice its limit.
        super().__init__(asyncio.StreamReader(limit=UNPROVEN_BYTES), serve)
        self._listener = listener
        self._address = address
        self._buffer = bytearray(UNPROVEN_BYTES)
        self._connected: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connected = transport
        if self._listener.take(self, self._address):
            super().connection_made(transport)
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.forget(self)
        super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))

    def admit(self) -> None:
        self._buffer = bytearray(_ADMITTED_BYTES)
        self._listener.forget(self)

    def abort(self) -> None:
        self._connected.abort()


def admit(writer: asyncio.StreamWriter) -> None:
    """Lift the limits of a connection whose other end has proved that it knows the token."""
    connection = writer.transport.get_protocol()
    if isinstance(connection, _Connection):
        connection.admit()


async def listen(host: str, serve: Serve, port: int = 0, *, expected: int = 1) -> Listener:
    """Listen at an address or, with "", at all addresses.

    Args:
        serve: gets the streams of each connection.
        port: the port, or 0 for any free one.
        expected: agents.

    Raises:
        OSError: the address cannot be used.
        UnicodeError: `host` is not a valid host name.
    """
    return Listener(await _listening(host, port), serve, expected)


async def _listening(host: str, port: int) -> socket.socket:
    if not host:
        # One socket for both kinds of addresses: two would get two ports.
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        return socket.create_server(
            ("", port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
        )
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    problem: OSError = OSError(f"{host} has no address")
    for family, _, _, _, address in found:
        try:
            return socket.create_server(address, family=family, backlog=_BACKLOG)
        except OSError as refused:
            problem = refused
    raise problem
