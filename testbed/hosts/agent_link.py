"""Worker 0's handle on one agent, a source of workers on another host."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from testbed.errors import LaunchError
from testbed.hosts import connection
from testbed.hosts.connection import Connection, LineError
from testbed.launcher.server.source import OnMessage, StartRequest, ignored
from testbed.launcher.server.worker_process import WorkerProcess

_CLOCK_ROUNDS = 5


class RemoteWorker(WorkerProcess):
    """A worker that an agent has started."""

    def __init__(
        self, key: str, link: AgentLink, changed: asyncio.Event, on_message: OnMessage
    ) -> None:
        super().__init__(key, changed, on_message)
        self._link = link

    def say(self, line: str) -> None:
        """Send the worker a line through its agent."""
        self._link.send({"op": "say", "worker": self.key, "line": line})

    def request(self, what: dict[str, Any]) -> asyncio.Future[Any]:
        """Send a request about the worker to its agent."""
        return asyncio.ensure_future(self._link.just_ask("request", worker=self.key, what=what))


@dataclass(frozen=True)
class Opening:
    """The arguments of each host's `preloaded_server`."""

    preload: tuple[str, ...]
    python: str
    exact: bool


class AgentLink:
    """The connection to one worker's agent, after the agent has joined the rendezvous."""

    def __init__(self, number: int, host: str, line: Connection) -> None:
        self.number = number
        self.host = host
        self.lost = ""
        """Why no worker can be started there any more; empty where one can."""
        self._line = line
        self._workers: dict[str, RemoteWorker] = {}
        self._keys = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._ahead = 0.0
        """How many seconds the local clock is ahead of the agent's."""
        self._listening = asyncio.ensure_future(self._listen())

    async def open(self, opening: Opening) -> None:
        """Start the preloaded server on the agent's host.

        Raises:
            LaunchError: it does not start.
        """
        await self._compare_clocks()
        await self._ask(
            "open",
            preload=opening.preload,
            python=opening.python,
            exact=opening.exact,
        )

    @contextlib.asynccontextmanager
    async def held_ports(self, count: int, port: int | None = None) -> AsyncIterator[list[int]]:
        """Hold ports of that host within the block; the caller may choose the first."""
        key = str(next(self._keys))
        ports = (await self._ask("hold", key=key, count=count, port=port)).get("ports")
        if not isinstance(ports, list) or [type(each) for each in ports] != [int] * count:
            raise LaunchError(f"worker {self.number}'s host {self.host}: it named no ports")
        try:
            yield ports
        finally:
            self.send({"op": "release", "key": key})

    def start_worker(
        self, request: StartRequest, changed: asyncio.Event, on_message: OnMessage = ignored
    ) -> WorkerProcess:
        """Start a worker on the agent's host, without a separate network.

        Raises:
            LaunchError: the agent is gone, or the request is too long for one message.
        """
        if self.lost:
            raise LaunchError(self.lost)
        key = str(next(self._keys))
        worker = self._workers[key] = RemoteWorker(key, self, changed, on_message)
        self.send({"op": "start", "worker": key, "request": request.to_message()})
        return worker

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the agent; ignored if it is gone.

        Raises:
            LaunchError: it is too long for one message.
        """
        if self.lost:
            return
        try:
            self._line.send(message)
        except ValueError as problem:
            raise LaunchError(f"worker {self.number}'s host {self.host}: {problem}") from problem

    async def dismiss(self, why: str = "") -> None:
        """Let the agent end, because the run is over or, with a reason, does not begin."""
        self.send({"op": "dismiss", "why": why})
        self._listening.cancel()
        await self._line.close()

    async def just_ask(self, op: str, **what: Any) -> Any:
        """Send a request; returns the result, or None if the agent is gone."""
        with contextlib.suppress(LaunchError):
            return (await self._ask(op, **what)).get("found")
        return None

    async def _ask(self, op: str, **what: Any) -> dict[str, Any]:
        """Send the agent a request, and wait for its answer.

        Raises:
            LaunchError: it cannot do that, or is gone.
        """
        if self.lost:
            raise LaunchError(self.lost)
        number = next(self._numbers)
        self.send({"op": op, "number": number, **what})
        self._asked[number] = asyncio.get_running_loop().create_future()
        answer = await self._asked[number]
        if "failed" in answer:
            raise LaunchError(f"worker {self.number}'s host {self.host}: {answer['failed']}")
        return answer

    async def _compare_clocks(self) -> None:
        """Measure how far the local clock is ahead, by the fastest answer of several."""
        rounds = []
        for _ in range(_CLOCK_ROUNDS):
            asked = time.monotonic()
            there = (await self._ask("clock")).get("now")
            if not isinstance(there, float):
                raise LaunchError(f"worker {self.number}'s host {self.host}: it sent no time")
            way = time.monotonic() - asked
            rounds.append((way, asked + way / 2 - there))
        self._ahead = min(rounds)[1]

    async def _listen(self) -> None:
        self._line.start_beating(connection.SILENCE_S)
        why: object = "it sent an invalid message"
        try:
            while True:
                self._hear(await self._line.receive())
        except LineError as problem:
            why = problem
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            # It knows the token, but is not an agent: its workers may not exist.
            self._line.abort()
        self._give_up(f"worker {self.number}'s host {self.host} is gone: {why}")

    def _hear(self, message: dict[str, Any]) -> None:
        if "number" in message:
            asked = self._asked.pop(message["number"], None)
            # The request may have been cancelled.
            if asked and not asked.done():
                asked.set_result(message)
            return
        worker = self._workers.get(message["worker"])
        if worker is None:
            return
        if "told" in message:
            said = message["told"]
            worker.take_in({**said, "at": float(said["at"]) + self._ahead})
        else:
            worker.words = str(message["words"])
            worker.ended(int(message["status"]), float(message["at"]) + self._ahead)
            del self._workers[message["worker"]]

    def _give_up(self, why: str) -> None:
        """Mark the agent as lost, fail its requests, and end its workers."""
        self.lost = why
        for asked in self._asked.values():
            if not asked.done():
                asked.set_result({"failed": "it is gone"})
        self._asked.clear()
        for worker in self._workers.values():
            worker.ended_for = worker.ended_for or why
            worker.ended(signal.SIGKILL, time.monotonic())
        self._workers.clear()
