"""Lines on real sockets of loopback, and who talks on them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from testbed.hosts.connection import Connection, LineError, accept, connect, listen

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
async def pair() -> AsyncIterator[tuple[Connection, Connection]]:
    """Worker 0's end and the agent's, of one line."""
    accepted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

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
    """Why worker 0 rejects a connection that makes this exchange."""
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
    """Why an agent rejects this listener."""
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
