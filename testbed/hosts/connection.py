"""The connection between worker 0 and an agent: JSON messages, one a line, both ways.

First both ends prove that they know the run's token, without sending it. Then each sends a beat
every second. Missing beats show a cut cable or a stopped host, which close no connection. The
kernel detects a cut cable by itself, since the beats are not acknowledged.

Every message has a limit: UNPROVEN_BYTES before the proof, then MESSAGE_BYTES from an agent and
ORDERS_BYTES from worker 0. So neither end can fill the other's memory or keep it busy with parsing.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import secrets
import socket
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from testbed.hosts.listener import UNPROVEN_BYTES, admit, listen

__all__ = ["Connection", "LineError", "accept", "connect", "listen"]

BEAT_S = 1.0
SILENCE_S = 8.0
"""TensorFlow survives 5 s without a network, and gives a worker up after 9.6 s (measured, 2.21)."""
LEADER_SILENCE_S = 60.0
"""Worker 0 may be busy with its workers' reports for some seconds."""
GREETING_DEADLINE_S = 10.0
"""For the whole proof, and then for the first message."""

MESSAGE_BYTES = 2**20
"""The limit for an agent's message: phases, last words, the addresses of a cluster."""
ORDERS_BYTES = 16 * 2**20
"""The limit for worker 0's message: a program's arguments, which the kernel limits to 6 MiB."""
WAITING_BYTES = 4 * ORDERS_BYTES
"""The limit for messages that the other end does not read, before it is given up."""

_CHUNK = 2**16

_Result = TypeVar("_Result")

_CUT_OFF = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH)


class LineError(Exception):
    """The other end is gone, or could not prove its identity; the message says which."""


class Connection:
    """One end of a connection; call `close` after use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._heard_bytes = self._sent_bytes = UNPROVEN_BYTES
        self._unread = bytearray()
        self._heard = time.monotonic()
        self._why = "the connection was closed"
        self._beats: asyncio.Future[None] | None = None
        # Data that is unacknowledged for so long means a lost connection; there are always beats.
        connected: socket.socket = writer.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_S * 1000))

    @property
    def here(self) -> str:
        """The address of this end."""
        return str(self._writer.get_extra_info("sockname")[0])

    @property
    def there(self) -> str:
        """The address of the other end."""
        # An IPv6 socket shows an IPv4 address with this prefix.
        return str(self._writer.get_extra_info("peername")[0]).removeprefix("::ffff:")

    def admit(self, heard: int, sent: int) -> None:
        """Raise the message limits, after the other end has proved that it knows the token."""
        self._heard_bytes, self._sent_bytes = heard, sent
        admit(self._writer)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; a failure shows in `receive`.

        Raises:
            ValueError: it is longer than the other end accepts.
        """
        data = json.dumps(message).encode()
        if len(data) > self._sent_bytes:
            raise ValueError(
                f"{len(data) / 2**20:.1f} MiB are too much for one message to another host;"
                f" at most {self._sent_bytes / 2**20:.0f} MiB"
            )
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > WAITING_BYTES:
            self._why = f"it leaves more than {WAITING_BYTES // 2**20} MiB of messages unread"
            self.abort()
            return
        self._writer.write(data + b"\n")

    async def receive(self) -> dict[str, Any]:
        """Wait for the next message that is not a beat.

        Raises:
            LineError: the connection is lost.
        """
        while True:
            try:
                message = json.loads(await self._next_line())
            except OSError as problem:
                cut_off = problem.errno in _CUT_OFF
                raise LineError(_silent_for(SILENCE_S) if cut_off else self._why) from problem
            except (ValueError, RecursionError) as problem:
                raise LineError(self._why) from problem
            if not isinstance(message, dict):
                raise LineError(self._why)
            if message:
                return message

    async def _next_line(self) -> bytes:
        """Read up to the next line end; empty at the end of the connection.

        Raises:
            LineError: it is too long.
        """
        looked = 0
        while (end := self._unread.find(b"\n", looked)) < 0:
            looked = len(self._unread)
            self._require_short(looked)
            data = await self._reader.read(_CHUNK)
            if not data:
                return b""
            # A part of a long message is a sign of life, like a beat.
            self._heard = time.monotonic()
            self._unread += data
        self._require_short(end)
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line

    def _require_short(self, length: int) -> None:
        if length <= self._heard_bytes:
            return
        if self._heard_bytes > UNPROVEN_BYTES:
            self._why = f"it sent a message of more than {self._heard_bytes // 2**20} MiB"
        raise LineError(self._why)

    def start_beating(self, silence: float) -> None:
        """Send beats from now on, and abort if the other end is silent for `silence` seconds."""
        self._heard = time.monotonic()
        self._beats = asyncio.ensure_future(self._beat(silence))

    async def _beat(self, silence: float) -> None:
        while True:
            self.send({})
            slept = time.monotonic()
            await asyncio.sleep(BEAT_S)
            # If this process was busy or stopped, it has not read the beats meanwhile.
            self._heard += max(0.0, time.monotonic() - slept - 2 * BEAT_S)
            if time.monotonic() - self._heard > silence:
                self._why = _silent_for(silence)
                self.abort()
                return

    async def close(self) -> None:
        """Send the remaining data, and close the connection."""
        if self._beats:
            self._beats.cancel()
        self._writer.close()
        closing = asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        await asyncio.wait({closing}, timeout=BEAT_S)
        closing.cancel()
        self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self._writer.transport.abort()


async def connect(host: str, port: int, token: str) -> Connection:
    """Connect to worker 0; returns the agent's end.

    Raises:
        LineError: the listener does not know the token, or does not answer.
        OSError: no process listens there.
    """
    line = await _opened(host, port)
    try:
        await _in_time(_prove_as_agent(line, token))
    except BaseException:
        line.abort()
        raise
    return line


async def _prove_as_agent(line: Connection, token: str) -> None:
    nonce = secrets.token_hex(16)
    line.send({"nonce": nonce})
    answer = await line.receive()
    if not _is_proof(answer.get("proof"), token, "worker 0", nonce):
        raise LineError("another program listens there")
    line.send({"proof": _proof(token, "agent", str(answer.get("nonce")))})
    line.admit(ORDERS_BYTES, MESSAGE_BYTES)


async def _opened(host: str, port: int) -> Connection:
    opening = asyncio.ensure_future(asyncio.open_connection(host, port))
    try:
        await asyncio.wait({opening}, timeout=GREETING_DEADLINE_S)
        if not opening.done():
            # When packets are lost, the kernel retries for two minutes.
            raise LineError(f"it does not answer for {GREETING_DEADLINE_S:.0f} s")
        return Connection(*opening.result())
    except UnicodeError:
        raise OSError(f"{host} is no name of a host") from None
    finally:
        opening.cancel()


async def accept(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str
) -> tuple[Connection, dict[str, Any]]:
    """Accept an agent; returns worker 0's end, and the agent's first message.

    Raises:
        LineError: the other end does not know the token.
    """
    line = Connection(reader, writer)
    await _in_time(_prove_as_worker_0(line, token))
    return line, await _in_time(line.receive())


async def _prove_as_worker_0(line: Connection, token: str) -> None:
    nonce = secrets.token_hex(16)
    greeting = await line.receive()
    line.send({"proof": _proof(token, "worker 0", str(greeting.get("nonce"))), "nonce": nonce})
    answer = await line.receive()
    if not _is_proof(answer.get("proof"), token, "agent", nonce):
        raise LineError("another program has connected")
    line.admit(MESSAGE_BYTES, ORDERS_BYTES)


async def _in_time(exchange: Coroutine[Any, Any, _Result]) -> _Result:
    """Wait for an exchange with an unproven end, up to the greeting deadline."""
    talking = asyncio.ensure_future(exchange)
    try:
        await asyncio.wait({talking}, timeout=GREETING_DEADLINE_S)
        if not talking.done():
            raise LineError(f"it said nothing for {GREETING_DEADLINE_S:.0f} s")
        return talking.result()
    finally:
        talking.cancel()


def _silent_for(seconds: float) -> str:
    return f"nothing was heard of it for {seconds:.0f} s"


def _proof(token: str, who: str, nonce: str) -> str:
    return hmac.new(token.encode(), _bytes(f"{who} {nonce}"), "sha256").hexdigest()


def _is_proof(given: Any, token: str, who: str, nonce: str) -> bool:
    return hmac.compare_digest(_bytes(str(given)), _bytes(_proof(token, who, nonce)))


def _bytes(text: str) -> bytes:
    # An unproven end may send half of a surrogate pair.
    return text.encode("utf-8", "backslashreplace")
