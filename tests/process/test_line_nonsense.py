"""Any bytes at any place of the line: an error of one line, in little time and memory."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from testbed.hosts import connection as lines
from testbed.hosts.agent_link import AgentLink
from testbed.hosts.connection import Connection, LineError, accept, connect
from testbed.hosts.introduction import Introduction
from testbed.launcher.entry import Assignment, Envelope
from testbed.launcher.server.source import StartRequest
from tests.process.a_line import HERE, TOKEN, listening, pair
from tests.process.nonsense import line, message, talk
from tests.soak import later

REQUEST = StartRequest(Envelope(Assignment("module:function", {}), "stacks"), log="log")
SEEDS = [0, 1, *(later(seed) for seed in range(2, 5))]
AT_ONCE = 50


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some say nothing more, and are waited for."""
    monkeypatch.setattr(lines, "GREETING_DEADLINE_S", 0.5)


@contextlib.contextmanager
def bounded(seconds: float, size: int) -> Iterator[None]:
    """Fail where what is done takes longer, or more memory, than it may."""
    began = time.monotonic()
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size
    assert time.monotonic() - began < seconds


def without_complaints(go: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it; nothing that the event loop would show as a traceback may come of it."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        await go()

    asyncio.run(watched())
    assert complaints == []


@pytest.mark.parametrize("seed", SEEDS)
def test_no_stranger_comes_in(seed: int) -> None:
    """Whatever strangers send to worker 0, each is refused by its deadline."""
    draw = random.Random(seed)
    talks = [talk(draw) for _ in range(AT_ONCE)]
    refused: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await accept(reader, writer, TOKEN)
        except LineError as problem:
            refused.append(str(problem))
        finally:
            writer.close()

    async def visit(port: int, parts: list[bytes], leaves: bool) -> None:
        reader, writer = await asyncio.open_connection(HERE, port)
        with contextlib.suppress(OSError):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.01)
            if leaves:
                writer.write_eof()
            await reader.read()
        writer.close()

    async def go() -> None:
        async with listening(serve) as port:
            # As few at a time as worker 0 keeps, so that each is heard.
            for first in range(0, AT_ONCE, 10):
                some = talks[first : first + 10]
                await asyncio.gather(*(visit(port, each, draw.random() < 0.5) for each in some))

    with bounded(40, 4 * 2**20):
        without_complaints(go)
    assert len(refused) == AT_ONCE
    assert set(refused) <= {
        "the connection was closed",
        "another program has connected",
        "it said nothing for 0 s",
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_an_agent_leaves_whoever_is_not_worker_0(seed: int) -> None:
    """Whatever stands at worker 0's address sends, the agent leaves it by its deadline."""
    draw = random.Random(seed)
    talks = [talk(draw) for _ in range(AT_ONCE)]

    async def serve(_reader: object, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            for part in talks.pop():
                writer.write(part)
                await writer.drain()

    async def visit(port: int) -> None:
        with pytest.raises((LineError, OSError)):
            await connect(HERE, port, TOKEN)

    async def go() -> None:
        async with listening(serve) as port:
            for _ in range(0, AT_ONCE, 10):
                await asyncio.gather(*(visit(port) for _ in range(10)))

    with bounded(40, 16 * 2**20):
        without_complaints(go)


@pytest.mark.parametrize("end", [0, 1], ids=["worker 0", "agent"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_proven_end_may_say_anything(seed: int, end: int) -> None:
    """Whatever comes after the proof is a message or the end of the line, at either end."""
    draw = random.Random(seed)

    async def go() -> None:
        for _ in range(10):
            async with pair() as ends:
                for each in [line(draw) for _ in range(5)]:
                    ends[1 - end]._writer.write(each + b"\n")
                await ends[1 - end].close()
                heard: list[object] = [{}]
                with contextlib.suppress(LineError):
                    while True:
                        heard.append(await ends[end].receive())
                assert all(isinstance(each, dict) for each in heard)

    with bounded(40, 16 * 2**20):
        without_complaints(go)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_agent_may_answer_anything(seed: int) -> None:
    """Whatever messages come from an agent, worker 0 goes on, with it or without it."""
    draw = random.Random(seed)

    async def go() -> None:
        for _ in range(30):
            async with pair() as (here, there):
                await heard(here, there, [message(draw) for _ in range(10)])

    async def heard(here: Connection, there: Connection, messages: list[dict[str, Any]]) -> None:
        link = AgentLink(1, "h1", here)
        worker = link.start_worker(REQUEST, asyncio.Event())
        for each in messages:
            there.send({**each, "worker": "0"} if draw.random() < 0.5 else each)
        await there.close()
        await asyncio.wait_for(worker.wait_until_ended(), 10)
        assert link.lost.startswith("worker 1's host h1 is gone: ")
        await link.dismiss()

    with bounded(40, 16 * 2**20):
        without_complaints(go)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_introduction_may_be_anything(seed: int) -> None:
    """Whatever an agent says of itself is an introduction, or refused as none."""
    draw = random.Random(seed)
    whole = Introduction(1, "h", "h1", 7, "TF_CONFIG", ("2 workers",), "1", ()).to_message()
    assert Introduction.from_message({**whole, "cluster": [], "problems": []}).pid == 7
    for _ in range(500):
        odd = message(draw)
        changed = {**whole, draw.choice(list(whole)): next(iter(odd.values()))}
        for each in (odd, changed):
            with contextlib.suppress(ValueError):
                assert Introduction.from_message(each).worker >= 0
