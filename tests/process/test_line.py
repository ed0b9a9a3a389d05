"""The line between worker 0 and an agent, on real sockets of loopback."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from testbed.engines import line as lines
from testbed.engines.line import Line, LineError, accept, connect, listen

TOKEN = secrets.token_hex(32)
HERE = "127.0.0.1"


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A server of one's own kind on loopback; its port."""
    writers = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    server = await listen(HERE, keep)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[Line, Line]]:
    """Worker 0's end and the agent's, of one line."""
    accepted: asyncio.Future[Line] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, said = await accept(reader, writer, TOKEN)
        assert said == {"worker": 1}
        accepted.set_result(line)

    async with listening(serve) as port:
        there = await connect(HERE, port, TOKEN)
        there.send({"worker": 1})
        here = await accepted
        try:
            yield here, there
        finally:
            await here.close()
            await there.close()


async def visited(talk: Callable[[int], Awaitable[Any]], token: str = TOKEN) -> str:
    """Why whoever talks to a listening worker 0 is not let in."""
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await accept(reader, writer, token)
        except LineError as problem:
            refused.set_result(str(problem))
        except BaseException as problem:
            refused.set_exception(problem)
        else:
            refused.set_result("")

    async with listening(serve) as port:
        talking = asyncio.ensure_future(talk(port))
        try:
            return await asyncio.wait_for(refused, 20)
        finally:
            talking.cancel()
            with suppress(asyncio.CancelledError, LineError, OSError):
                await talking


async def answered(serve: Callable[[Any, Any], Awaitable[None]], token: str = TOKEN) -> str:
    """Why an agent does not stay with whoever listens there."""
    async with listening(serve) as port:
        with pytest.raises(LineError) as problem:
            await connect(HERE, port, token)
        return str(problem.value)


def says(*messages: bytes) -> Callable[[int], Awaitable[None]]:
    """Somebody who connects, says this, and stays."""

    async def talk(port: int) -> None:
        _, writer = await asyncio.open_connection(HERE, port)
        for message in messages:
            writer.write(message)
        await asyncio.Event().wait()

    return talk


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
    """Thirty megabytes arrive in one message, while both ends go on beating."""

    async def go() -> None:
        async with pair() as (here, there):
            here.start_beating()
            there.start_beating()
            text = "x" * 30_000_000
            here.send({"text": text})
            assert (await there.receive())["text"] == text
            there.send({"got": len(text)})
            assert await here.receive() == {"got": len(text)}

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
    async def pair_through(kept: bytearray) -> AsyncIterator[tuple[Line, Line]]:
        accepted: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
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
    assert asyncio.run(visited(says(*replayed))) == "somebody else has connected"


def test_an_agent_with_another_token_is_refused() -> None:
    """An agent of another run notices that, and worker 0 does not let it in."""

    async def talk(port: int) -> None:
        with pytest.raises(LineError, match=r"^somebody else listens there$"):
            await connect(HERE, port, "another")

    assert asyncio.run(visited(talk)) == "the connection was closed"


@pytest.mark.parametrize("proof", ["", 7, None, ["x"], "\ud800", "0" * 64])
def test_a_client_without_the_token_is_refused(proof: object) -> None:
    """Whoever proves nothing is not let in, whatever it says instead of a proof."""
    greeting = json.dumps({"nonce": "1"}).encode() + b"\n"
    answer = json.dumps({"proof": proof}).encode() + b"\n"
    assert asyncio.run(visited(says(greeting, answer))) == "somebody else has connected"


def test_a_client_cannot_hand_the_server_s_own_proof_back() -> None:
    """What worker 0 proves is of no use as an agent's proof."""

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(b'{"nonce": "1"}\n')
        told = json.loads(await reader.readline())
        _, other = await asyncio.open_connection(HERE, port)
        other.close()
        writer.write(json.dumps({"proof": told["proof"]}).encode() + b"\n")
        await asyncio.Event().wait()

    assert asyncio.run(visited(talk)) == "somebody else has connected"


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\n",
    b"\xff\xfe\n",
    b"[]\n",
    b"null\n",
    b"7\n",
    b"[" * 100_000 + b"\n",
    b'{"a":' * 100_000 + b"\n",
    b"1" * 10_000 + b"\n",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:12]))
def test_garbage_is_refused_at_once(garbage: bytes) -> None:
    """Whoever says something else is not let in, and nobody waits for more of it."""
    began = time.monotonic()
    assert asyncio.run(visited(says(garbage))) == "the connection was closed"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("nonce", ["\ud800", None, 7, ["x"], {"a": 1}])
def test_any_nonce_is_borne(nonce: object) -> None:
    """What a stranger sends as a nonce does not end worker 0."""
    greeting = json.dumps({"nonce": nonce}).encode() + b"\n"
    answer = json.dumps({"proof": "x"}).encode() + b"\n"
    assert asyncio.run(visited(says(greeting, answer))) == "somebody else has connected"


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:12]))
def test_an_agent_leaves_who_talks_nonsense(garbage: bytes) -> None:
    """A stranger that listens at worker 0's address is left at once."""

    async def serve(_reader: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)

    assert asyncio.run(answered(serve)) == "the connection was closed"


@pytest.mark.parametrize("proof", ["", 7, None, "\ud800"])
def test_an_agent_leaves_who_does_not_know_the_token(proof: object) -> None:
    """A listener that proves nothing learns nothing that would prove something."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps({"proof": proof, "nonce": "1"}).encode() + b"\n")
        while line := await reader.readline():
            heard.append(line)

    assert asyncio.run(answered(serve)) == "somebody else listens there"
    assert [json.loads(line).keys() for line in heard] == [{"nonce"}]


def test_an_agent_closes_what_it_leaves() -> None:
    """A connection that came to nothing is closed, so that a thousand attempts leave none open."""

    async def go() -> bytes:
        ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"nonsense\n")
            ended.set_result(await reader.read())

        async with listening(serve) as port:
            with pytest.raises(LineError):
                await connect(HERE, port, TOKEN)
            return await asyncio.wait_for(ended, 5)

    assert asyncio.run(go()) == b""


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent client, a silent server and one that swallows connections cost a deadline each."""
    monkeypatch.setattr(lines, "GREETING_DEADLINE_S", 0.3)
    began = time.monotonic()
    assert asyncio.run(visited(says())) == "it said nothing for 0 s"
    assert asyncio.run(visited(says(b'{"nonce": "1"}\n'))) == "it said nothing for 0 s"

    async def silent(reader: asyncio.StreamReader, _writer: Any) -> None:
        await reader.read()

    assert asyncio.run(answered(silent)) == "it said nothing for 0 s"
    assert time.monotonic() - began < 5


def test_who_swallows_connections_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where packets get no answer, an attempt ends with its deadline and not with the kernel's."""
    monkeypatch.setattr(lines, "GREETING_DEADLINE_S", 0.3)

    async def swallowed(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", swallowed)

    async def go() -> None:
        with pytest.raises(LineError, match=r"^it does not answer for 0 s$"):
            await asyncio.wait_for(connect(HERE, 9, TOKEN), 5)

    asyncio.run(go())


def test_nobody_listens() -> None:
    """A port on which nobody listens is an error of the operating system's."""
    with socket.socket() as held:
        held.bind((HERE, 0))
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(connect(HERE, held.getsockname()[1], TOKEN))


@pytest.mark.parametrize("end", [0, 1])
def test_silence_is_noticed(monkeypatch: pytest.MonkeyPatch, end: int) -> None:
    """An end that hears no beat gives the other one up, and says so."""
    monkeypatch.setattr(lines, "BEAT_S", 0.05)
    monkeypatch.setattr(lines, "SILENCE_S", 0.4)

    async def go() -> float:
        async with pair() as ends:
            # The other one never beats, as one that was stopped.
            ends[end].start_beating()
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
            here.start_beating()
            there.start_beating()
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
            here.start_beating()
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
            here.send({"text": "x" * 50_000_000})
            began = time.monotonic()
            await here.close()
            return time.monotonic() - began

    assert asyncio.run(go()) < 5
