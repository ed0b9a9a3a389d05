"""The line between worker 0 and one of its agents: JSON, a message a line, both ways.

Both ends show first that they know the token of the run, without sending it. Then each sends a
beat every second, so that a cut cable and a stopped host are noticed, which close no connection.
A cut cable the kernel notices by itself, since nobody acknowledges the beats.

Every message has a limit: UNPROVEN_BYTES before the proof, then MESSAGE_BYTES from an agent and
ORDERS_BYTES from worker 0. So neither end keeps much from the other, nor parses for long.
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
"""TensorFlow bears 5 s without a network, and gives a worker up after 9.6 s (measured, 2.21)."""
LEADER_SILENCE_S = 60.0
"""Worker 0 may be busy for some seconds with what its workers have reported."""
GREETING_DEADLINE_S = 10.0
"""For the whole proof, and then for the first message."""

MESSAGE_BYTES = 2**20
"""Of one message of an agent's: phases, last words, the addresses of a cluster."""
ORDERS_BYTES = 16 * 2**20
"""Of one message of worker 0's: the arguments of a program, which the kernel bounds by 6 MiB."""
WAITING_BYTES = 4 * ORDERS_BYTES
"""Of messages that the other end does not take, before it is given up."""

_CHUNK = 2**16

_Told = TypeVar("_Told")

_CUT_OFF = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH)


class LineError(Exception):
    """The other end is gone, or is not who it should be; the message says which."""


class Connection:
    """One end of it; `close` when done."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._heard_bytes = self._sent_bytes = UNPROVEN_BYTES
        self._unread = bytearray()
        self._heard = time.monotonic()
        self._why = "the connection was closed"
        self._beats: asyncio.Future[None] | None = None
        # What is not acknowledged for so long never will be: the beats, where nothing else.
        connected: socket.socket = writer.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_S * 1000))

    @property
    def here(self) -> str:
        """The address of this end."""
        return str(self._writer.get_extra_info("sockname")[0])

    @property
    def there(self) -> str:
        """The address of the other end."""
        # As IPv6 sees an address of IPv4.
        return str(self._writer.get_extra_info("peername")[0]).removeprefix("::ffff:")

    def admit(self, heard: int, sent: int) -> None:
        """The other end has proved that it knows the token: messages may have so many bytes."""
        self._heard_bytes, self._sent_bytes = heard, sent
        admit(self._writer)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; whether it arrives shows in what is received.

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
        """The next message that is no beat.

        Raises:
            LineError: there will be none any more.
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
        """What stands before the next end of a line; nothing where none comes any more.

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
            # A part of a long message is a sign of life, too.
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
        """Send beats from now on, and give the other end up when none came for so many seconds."""
        self._heard = time.monotonic()
        self._beats = asyncio.ensure_future(self._beat(silence))

    async def _beat(self, silence: float) -> None:
        while True:
            self.send({})
            slept = time.monotonic()
            await asyncio.sleep(BEAT_S)
            # Who was busy itself, or stopped, has not listened meanwhile.
            self._heard += max(0.0, time.monotonic() - slept - 2 * BEAT_S)
            if time.monotonic() - self._heard > silence:
                self._why = _silent_for(silence)
                self.abort()
                return

    async def close(self) -> None:
        """Send what is left, and end the connection."""
        if self._beats:
            self._beats.cancel()
        self._writer.close()
        closing = asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        await asyncio.wait({closing}, timeout=BEAT_S)
        closing.cancel()
        self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()


async def connect(host: str, port: int, token: str) -> Connection:
    """The agent's end of a line.

    Raises:
        LineError: whoever listens there does not know the token.
        OSError: nobody listens there.
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
        raise LineError("somebody else listens there")
    line.send({"proof": _proof(token, "agent", str(answer.get("nonce")))})
    line.admit(ORDERS_BYTES, MESSAGE_BYTES)


async def _opened(host: str, port: int) -> Connection:
    opening = asyncio.ensure_future(asyncio.open_connection(host, port))
    try:
        await asyncio.wait({opening}, timeout=GREETING_DEADLINE_S)
        if not opening.done():
            # Where packets get lost the kernel tries on for two minutes.
            raise LineError(f"it does not answer for {GREETING_DEADLINE_S:.0f} s")
        return Connection(*opening.result())
    except UnicodeError:
        raise OSError(f"{host} is no name of a host") from None
    finally:
        opening.cancel()


async def accept(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str
) -> tuple[Connection, dict[str, Any]]:
    """Worker 0's end of a line, and the first message on it.

    Raises:
        LineError: whoever connected does not know the token.
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
        raise LineError("somebody else has connected")
    line.admit(MESSAGE_BYTES, ORDERS_BYTES)


async def _in_time(talk: Coroutine[Any, Any, _Told]) -> _Told:
    """What comes of talking to somebody who is not known yet."""
    talking = asyncio.ensure_future(talk)
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
    # A stranger may send half of a surrogate pair.
    return text.encode("utf-8", "backslashreplace")
