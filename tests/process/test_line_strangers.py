"""Whoever does not know the token of a run is left at once, whichever end it plays."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import pytest

from testbed.hosts import connection as lines
from testbed.hosts.connection import LineError, connect
from tests.process.a_line import HERE, TOKEN, answered, listening, says, visited


def test_an_agent_with_another_token_is_refused() -> None:
    """An agent of another run notices that, and worker 0 does not let it in."""

    async def talk(port: int) -> None:
        with pytest.raises(
            LineError,
            match=r"^another program listens there$",
        ):
            await connect(HERE, port, "another")

    assert asyncio.run(visited(talk)) == "the connection was closed"


@pytest.mark.parametrize("proof", ["", 7, None, ["x"], "\ud800", "0" * 64])
def test_a_client_without_the_token_is_refused(proof: object) -> None:
    """Whoever proves nothing is not let in, whatever it says instead of a proof."""
    greeting = json.dumps({"nonce": "1"}).encode() + b"\n"
    answer = json.dumps({"proof": proof}).encode() + b"\n"
    assert asyncio.run(visited(says(greeting, answer))) == "another program has connected"


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

    assert asyncio.run(visited(talk)) == "another program has connected"


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
    """A wrong exchange is rejected, without a wait for more of it."""
    began = time.monotonic()
    assert asyncio.run(visited(says(garbage))) == "the connection was closed"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("nonce", ["\ud800", None, 7, ["x"], {"a": 1}])
def test_any_nonce_is_borne(nonce: object) -> None:
    """What a stranger sends as a nonce does not end worker 0."""
    greeting = json.dumps({"nonce": nonce}).encode() + b"\n"
    answer = json.dumps({"proof": "x"}).encode() + b"\n"
    assert asyncio.run(visited(says(greeting, answer))) == "another program has connected"


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

    assert asyncio.run(answered(serve)) == "another program listens there"
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
    """A port without a listener is an error of the operating system's."""
    with socket.socket() as held:
        held.bind((HERE, 0))
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(connect(HERE, held.getsockname()[1], TOKEN))
