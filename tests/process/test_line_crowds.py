"""Strangers in numbers: what they cost worker 0, and whether agents still come in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from testbed.hosts import connection as lines
from testbed.hosts import listener
from testbed.hosts.connection import LineError, accept, connect
from testbed.hosts.listener import SPARE, SPARE_PER_ADDRESS, listen
from tests.process.a_line import HERE, TOKEN, says, visited
from tests.soak import later

AGENTS = 8
CROWD = 200


@asynccontextmanager
async def worker_0() -> AsyncIterator[tuple[int, list[lines.Connection]]]:
    """Worker 0's port, and the lines of the agents that have come in."""
    came: list[lines.Connection] = []
    greeting: set[asyncio.Future[None]] = set()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            came.append((await accept(reader, writer, TOKEN))[0])
        except (LineError, OSError):
            writer.close()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        each = asyncio.ensure_future(greet(reader, writer))
        greeting.add(each)
        each.add_done_callback(greeting.discard)

    door = await listen(HERE, serve, expected=AGENTS)
    try:
        yield door.sockets[0].getsockname()[1], came
    finally:
        door.close()
        for each in came:
            await each.close()
        for left in list(greeting):
            left.cancel()
        await asyncio.gather(*greeting, return_exceptions=True)


async def come(port: int, seconds: float = 20.0) -> lines.Connection:
    """An agent, which tries again as often as agents do."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            line = await connect(HERE, port, TOKEN)
        except (LineError, OSError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        else:
            line.send({"worker": 1})
            return line


async def all_come(port: int, came: list[lines.Connection]) -> None:
    """As many agents as are expected come at once, and each is let in."""
    agents = await asyncio.gather(*(come(port) for _ in range(AGENTS)))
    deadline = time.monotonic() + 20
    while len(came) < AGENTS:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    for each in agents:
        await each.close()


@contextlib.contextmanager
def strangers(count: int, port: int, data: bytes, times: int = 1) -> Iterator[None]:
    """Strangers in threads, who send something again and again, for as long as they can."""
    opened: list[socket.socket] = []

    def press() -> None:
        with contextlib.suppress(OSError), socket.create_connection((HERE, port), 20) as stranger:
            opened.append(stranger)
            for _ in range(times):
                stranger.sendall(data)

    threads = [threading.Thread(target=press) for _ in range(count)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        for stranger in opened:
            with contextlib.suppress(OSError):
                stranger.shutdown(socket.SHUT_RDWR)
        for each in threads:
            each.join()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" + b"{}," * 2**18, id="JSON without an end"),
        later(b"x" * 2**20, name="no JSON"),
        later(b'{"nonce": "1"}\n' * 2**16, name="greetings"),
    ],
)
def test_strangers_cost_next_to_nothing(data: bytes) -> None:
    """Twenty strangers with 40 MB each cost less than a megabyte, and nobody waits for them."""

    async def go() -> tuple[float, int]:
        longest = 0.0
        async with worker_0() as (port, _):
            tracemalloc.start()
            with strangers(20, port, data, 40 * 2**20 // len(data)):
                end = time.monotonic() + 1
                while (began := time.monotonic()) < end:
                    await asyncio.sleep(0.01)
                    longest = max(longest, time.monotonic() - began)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return longest, peak

    longest, peak = asyncio.run(go())
    assert peak < 2**20
    # They share the cores with worker 0; it was half a minute.
    assert longest < 3


def test_few_strangers_are_kept() -> None:
    """Of many connections without a proof few stay open, and all agents come in beside them."""

    async def go() -> int:
        async with worker_0() as (port, came):
            crowd = [await asyncio.open_connection(HERE, port) for _ in range(CROWD)]
            for _, writer in crowd[::2]:
                writer.write(b'{"nonce": ')
            await all_come(port, came)
            closed = 0
            for reader, writer in crowd:
                with contextlib.suppress(asyncio.TimeoutError, ConnectionError):
                    ended = asyncio.ensure_future(reader.read())
                    done, _ = await asyncio.wait({ended}, timeout=0.01)
                    closed += bool(done)
                    ended.cancel()
                writer.close()
            return closed

    assert asyncio.run(go()) >= CROWD - SPARE_PER_ADDRESS - AGENTS


def test_agents_come_in_through_a_flood() -> None:
    """While a stranger opens connections as fast as it can, all agents come in."""
    over = threading.Event()

    def flood(port: int) -> None:
        opened: list[socket.socket] = []
        while not over.is_set():
            with contextlib.suppress(OSError):
                opened.append(socket.create_connection((HERE, port), 1))
                opened[-1].sendall(b'{"nonce": "1"}\n')
            if len(opened) > CROWD:
                opened.pop(0).close()
        for each in opened:
            each.close()

    async def go() -> None:
        async with worker_0() as (port, came):
            flooding = threading.Thread(target=flood, args=(port,))
            flooding.start()
            try:
                await all_come(port, came)
            finally:
                over.set()
                flooding.join()

    asyncio.run(go())


def test_a_crowd_at_one_address_is_not_one_at_another() -> None:
    """Where an address has too many connections, its own oldest is closed, and no other's."""

    async def ends(reader: asyncio.StreamReader, seconds: float) -> bool:
        ended = asyncio.ensure_future(reader.read())
        done, _ = await asyncio.wait({ended}, timeout=seconds)
        ended.cancel()
        return bool(done)

    async def go() -> list[bool]:
        async with worker_0() as (port, _):
            first = await asyncio.open_connection(HERE, port, local_addr=("127.0.0.2", 0))
            crowd = [await asyncio.open_connection(HERE, port) for _ in range(SPARE + AGENTS)]
            found = [await ends(crowd[0][0], 10), await ends(first[0], 0.1)]
            for _, writer in (first, *crowd):
                writer.close()
            return found

    assert asyncio.run(go()) == [True, False]


def test_a_proof_has_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says a little now and then is not waited for longer than who says nothing."""
    monkeypatch.setattr(lines, "GREETING_DEADLINE_S", 1.0)

    async def talk(port: int) -> None:
        _, writer = await asyncio.open_connection(HERE, port)
        for part in (b'{"nonce"', b': "1"}\n', b'{"pro', b'of": ', b"7", b"7", b"7"):
            writer.write(part)
            await asyncio.sleep(0.4)

    began = time.monotonic()
    assert asyncio.run(visited(talk)) == "it said nothing for 1 s"
    assert time.monotonic() - began < 1.9


def test_a_long_line_is_refused_before_it_ends() -> None:
    """A message that is longer than a proof can be is left in its middle."""
    began = time.monotonic()
    longest = listener.UNPROVEN_BYTES
    assert asyncio.run(visited(says(b" " * (longest + 1)))) == "the connection was closed"
    greeting = b'{"nonce": "1"}' + b" " * longest + b"\n"
    assert asyncio.run(visited(says(greeting))) == "the connection was closed"
    assert time.monotonic() - began < 5


def test_without_descriptors_it_goes_on_later(caplog: pytest.LogCaptureFixture) -> None:
    """Where no connection can be taken, nothing is lost but time, and nothing is logged."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def go() -> bytes:
        async def serve(_reader: object, writer: asyncio.StreamWriter) -> None:
            writer.write(b"here\n")
            writer.close()

        door = await listen(HERE, serve)
        with socket.socket() as client:
            client.setblocking(False)
            spare = os.dup(client.fileno())
            os.close(spare)
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, door.sockets[0].getsockname())
            reading = asyncio.ensure_future(loop.sock_recv(client, 10))
            done, _ = await asyncio.wait({reading}, timeout=0.5)
            assert not done
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            told = await asyncio.wait_for(reading, 10)
        door.close()
        return told

    try:
        assert asyncio.run(go()) == b"here\n"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caplog.text == ""
