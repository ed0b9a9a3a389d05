"""The agent: starts workers on its host for worker 0, and kills all of them before it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from testbed.cluster.isolation_levels import NONE
from testbed.errors import LaunchError
from testbed.hosts import connection
from testbed.hosts.connection import Connection, LineError
from testbed.launcher.cluster.stacks import is_whole
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.machine import descriptors
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.launcher.server.server_handle import PreloadedServer
from testbed.launcher.server.source import StartRequest
from testbed.launcher.server.worker_process import WorkerProcess

_STACKS_DEADLINE_S = 1.5

# Code in a worker may write anything to its channel, but a message has a limit.
_WORDS = 2000


class Agent:
    """Executes worker 0's requests until worker 0 dismisses it."""

    def __init__(self, line: Connection, folder: RunFolder) -> None:
        self._line = line
        self._folder = folder
        self._server: PreloadedServer | None = None
        self._workers: dict[str, WorkerProcess] = {}
        self._holds: dict[str, contextlib.ExitStack] = {}
        self._doing: set[asyncio.Future[None]] = set()
        self._stack = contextlib.AsyncExitStack()
        self._operations: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any] | None]]]
        self._operations = {
            "clock": self._clock,
            "open": self._open,
            "hold": self._hold,
            "release": self._release,
            "start": self._start,
            "say": self._say,
            "request": self._request,
        }

    async def serve(self) -> str:
        """Serve worker 0 until it dismisses this agent; returns why it does so early, or empty.

        Raises:
            LineError: worker 0 is gone.
        """
        with descriptors.raised():
            return await self._serve()

    async def _serve(self) -> str:
        async with self._stack:
            self._line.start_beating(connection.LEADER_SILENCE_S)
            try:
                while (message := await self._line.receive()).get("op") != "dismiss":
                    # Each in a separate task: a slow start of a server must not delay the beats.
                    doing = asyncio.ensure_future(self._do(message))
                    self._doing.add(doing)
                    doing.add_done_callback(self._doing.discard)
            finally:
                # A server that has not started yet is not on the exit stack.
                await self._stop_doing()
        return str(message.get("why", ""))

    async def _stop_doing(self) -> None:
        doing = list(self._doing)
        for each in doing:
            each.cancel()
        await asyncio.gather(*doing, return_exceptions=True)

    async def _do(self, message: dict[str, Any]) -> None:
        try:
            answer = await self._operations[message["op"]](message)
        except (LaunchError, OSError) as problem:
            answer = {"failed": str(problem)[:_WORDS]}
        except Exception as problem:
            # Worker 0 must not wait for ever for the answer.
            traceback.print_exc()
            answer = {"failed": f"{type(problem).__name__}: {problem}"[:_WORDS]}
        if "number" in message:
            self._line.send({"number": message["number"], **(answer or {})})

    async def _clock(self, _message: dict[str, Any]) -> dict[str, Any]:
        return {"now": time.monotonic()}

    async def _open(self, message: dict[str, Any]) -> None:
        self._server = await self._stack.enter_async_context(
            preloaded_server(
                message["preload"],
                self._folder,
                message["python"],
                exact=message["exact"],
                isolation=NONE,
            )
        )

    async def _hold(self, message: dict[str, Any]) -> dict[str, Any]:
        with contextlib.ExitStack() as holding:
            ports = holding.enter_context(held_ports(message["count"], message["port"]))
            self._holds[message["key"]] = self._stack.enter_context(holding.pop_all())
        return {"ports": ports}

    async def _release(self, message: dict[str, Any]) -> None:
        self._holds.pop(message["key"]).close()

    async def _start(self, message: dict[str, Any]) -> None:
        key, request = message["worker"], StartRequest.from_message(message["request"])
        try:
            if self._server is None:
                raise LaunchError("it got a request for a worker before its server was opened")
            worker = self._server.start_worker(
                request,
                asyncio.Event(),
                lambda said: self._line.send({"worker": key, "told": said}),
            )
        except LaunchError as problem:
            self._report_end(key, signal.SIGKILL, time.monotonic(), str(problem))
            return
        self._workers[key] = worker
        await worker.wait_until_ended()
        del self._workers[key]
        self._report_end(key, worker.status or 0, worker.ended_at or 0.0, worker.words)

    def _report_end(self, key: str, status: int, at: float, words: str) -> None:
        said = words[:_WORDS]
        self._line.send({"worker": key, "status": int(status), "at": at, "words": said})

    async def _say(self, message: dict[str, Any]) -> None:
        if worker := self._workers.get(message["worker"]):
            worker.say(message["line"])

    async def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        worker, what = self._workers.get(message["worker"]), message["what"]
        if worker is None or worker.status is not None:
            return {}
        found = await worker.request(what)
        if what["op"] == "stacks":
            await _show(Path(what["file"]))
        return {"found": found}


async def _show(stacks: Path) -> None:
    """Flush an open stacks file, which a shared folder may otherwise hide from other hosts."""
    deadline = time.monotonic() + _STACKS_DEADLINE_S
    while not is_whole(stacks) and time.monotonic() < deadline:
        # A signal has no answer: the file itself is the answer.
        await asyncio.sleep(0.01)
    with contextlib.suppress(OSError), stacks.open("rb") as file:
        os.fsync(file.fileno())


async def serve(connection: Connection, folder: RunFolder) -> str:
    """Serve worker 0 on a connection until the run ends; returns why it ended early, or empty."""
    try:
        return await Agent(connection, folder).serve()
    except LineError as problem:
        return f"worker 0 is gone: {problem}"
    finally:
        await connection.close()
