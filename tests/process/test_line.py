"""The line between worker 0 and an agent, on real sockets of loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from testbed.hosts import connection as lines
from testbed.hosts.connection import Connection, LineError, accept, connect
from tests.process.a_line import HERE, TOKEN, listening, pair, says, visited


def test_messages_arrive_in_order() -> None:
    """A thousand messages each way arrive, whole and in their order."""

    async def go() -> None:
        async with pair() as (here, there):
            for number in range(1000):
                here.send({"number": number, "text": "ü\n" * (number % 7)})
                there.send({"back": number})
            for number in range(1000):
                told = await there.receive()
                assert told == {"number": number, "text": "ü\n" * (number % 7)}
                assert await here.receive() == {"back": number}

    asyncio.run(go())


def test_a_big_message_arrives() -> None:
    """Sixteen megabytes arrive in one message, while both ends go on beating."""

    async def go() -> None:
        async with pair() as (here, there):
            here.start_beating(lines.SILENCE_S)
            there.start_beating(lines.SILENCE_S)
            text = "x" * 16_000_000
            here.send({"text": text})
            assert (await there.receive())["text"] == text
            there.send({"got": len(text)})
            assert await here.receive() == {"got": len(text)}

    asyncio.run(go())


@pytest.mark.parametrize(("end", "limit"), [(0, 1), (1, 16)], ids=["worker 0", "agent"])
def test_a_message_has_a_limit(end: int, limit: int) -> None:
    """What is too long is not sent, and whoever sends it all the same is left with the reason."""

    async def go() -> None:
        async with pair() as ends:
            hears, sends = ends[end], ends[1 - end]
            with pytest.raises(ValueError, match=f" MiB are too much .* at most {limit} MiB$"):
                sends.send({"text": "x" * (limit * 2**20)})
            sends.send({"text": "short"})
            assert await hears.receive() == {"text": "short"}
            sends._writer.write(b"[" * (limit * 2**20 + lines._CHUNK + 1))
            with pytest.raises(LineError, match=f"^it sent a message of more than {limit} MiB$"):
                await hears.receive()

    asyncio.run(go())


def test_an_end_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that the other end leaves unread are not kept without a limit."""
    monkeypatch.setattr(lines, "WAITING_BYTES", 3 * 2**20)

    async def go() -> None:
        async with pair() as (here, there):
            there._writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(30):
                here.send({"text": "x" * 2**20})
            with pytest.raises(LineError, match=r"^it leaves more than 3 MiB of messages unread$"):
                await here.receive()

    asyncio.run(go())


def test_both_ends_know_each_other_s_address() -> None:
    """Each end tells its own address and the other's."""

    async def go() -> None:
        async with pair() as (here, there):
            assert {here.here, here.there, there.here, there.there} == {HERE}

    asyncio.run(go())


def test_the_token_is_never_sent() -> None:
    """Whoever listens in between does not learn the token, and cannot use what it has heard."""
    heard = bytearray()

    async def go() -> None:
        async with pair_through(heard) as (here, there):
            here.send({"to": "agent"})
            assert await there.receive() == {"to": "agent"}

    @asynccontextmanager
    async def pair_through(kept: bytearray) -> AsyncIterator[tuple[Connection, Connection]]:
        accepted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        passing: list[asyncio.Future[None]] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.set_result((await accept(reader, writer, TOKEN))[0])

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                kept.extend(data)
                writer.write(data)

        async with listening(serve) as port:

            async def between(reader: Any, writer: Any) -> None:
                far = await asyncio.open_connection(HERE, port)
                passing.append(asyncio.ensure_future(pass_on(reader, far[1])))
                passing.append(asyncio.ensure_future(pass_on(far[0], writer)))

            async with listening(between) as middle:
                there = await connect(HERE, middle, TOKEN)
                there.send({"worker": 1})
                here = await accepted
                yield here, there
                await here.close()
                await there.close()
                for each in passing:
                    each.cancel()

    asyncio.run(go())
    assert len(heard) > 100
    assert TOKEN.encode() not in heard
    replayed = [line + b"\n" for line in bytes(heard).split(b"\n") if line]
    assert asyncio.run(visited(says(*replayed))) == "another program has connected"


@pytest.mark.parametrize("end", [0, 1])
def test_silence_is_noticed(monkeypatch: pytest.MonkeyPatch, end: int) -> None:
    """An end that hears no beat gives the other one up, and says so."""
    monkeypatch.setattr(lines, "BEAT_S", 0.05)
    monkeypatch.setattr(lines, "SILENCE_S", 0.4)

    async def go() -> float:
        async with pair() as ends:
            # The other one never beats, as one that was stopped.
            ends[end].start_beating(lines.SILENCE_S)
            began = time.monotonic()
            with pytest.raises(LineError, match=r"^nothing was heard of it for 0 s$"):
                await ends[end].receive()
            return time.monotonic() - began

    assert 0.4 < asyncio.run(go()) < 5


def test_beats_keep_a_line_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends that beat hold on to each other for as long as they say nothing else."""
    monkeypatch.setattr(lines, "BEAT_S", 0.05)
    monkeypatch.setattr(lines, "SILENCE_S", 0.5)

    async def go() -> None:
        async with pair() as (here, there):
            here.start_beating(lines.SILENCE_S)
            there.start_beating(lines.SILENCE_S)
            hearing = asyncio.ensure_future(here.receive())
            listening_there = asyncio.ensure_future(there.receive())
            done, _ = await asyncio.wait({hearing, listening_there}, timeout=1.5)
            assert not done
            there.send({"still": "there"})
            assert await hearing == {"still": "there"}
            listening_there.cancel()

    asyncio.run(go())


def test_a_part_of_a_message_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that takes longer than silence may is waited for while more of it comes."""
    monkeypatch.setattr(lines, "BEAT_S", 0.05)
    monkeypatch.setattr(lines, "SILENCE_S", 0.5)

    async def go() -> None:
        async with pair() as (here, there):
            here.start_beating(lines.SILENCE_S)
            receiving = asyncio.ensure_future(here.receive())
            for part in (b'{"parts', *[b"."] * 8, b'": 10}\n'):
                there._writer.write(part)
                await asyncio.wait({receiving}, timeout=0.15)
            assert await receiving == {"parts........": 10}

    asyncio.run(go())


@pytest.mark.parametrize("end", [0, 1])
def test_a_closed_line_is_noticed_at_once(end: int) -> None:
    """What was sent before the end is still heard, and then that it was the end."""

    async def go() -> float:
        async with pair() as ends:
            ends[end].send({"last": "words"})
            await ends[end].close()
            assert await ends[1 - end].receive() == {"last": "words"}
            began = time.monotonic()
            with pytest.raises(LineError, match=r"^the connection was closed$"):
                await ends[1 - end].receive()
            ends[1 - end].send({"into": "nothing"})
            ends[end].send({"into": "nothing"})
            return time.monotonic() - began

    assert asyncio.run(go()) < 1


def test_half_a_message_is_none() -> None:
    """A line that is cut off within a message ends before that message."""

    async def go() -> None:
        async with pair() as (here, there):
            there._writer.write(b'{"whole": 1}\n{"half": ')
            await there.close()
            assert await here.receive() == {"whole": 1}
            with pytest.raises(LineError):
                await here.receive()

    asyncio.run(go())


def test_close_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line whose other end takes nothing any more is closed all the same."""
    monkeypatch.setattr(lines, "BEAT_S", 0.1)

    async def go() -> float:
        async with pair() as (here, there):
            there._writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(4):
                here.send({"text": "x" * 12_000_000})
            began = time.monotonic()
            await here.close()
            return time.monotonic() - began

    assert asyncio.run(go()) < 5
