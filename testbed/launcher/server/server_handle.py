"""A handle on a running preloaded server: requests workers from it, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from testbed.cluster.isolation_levels import REQUIRED
from testbed.errors import LaunchError, limit_reached
from testbed.launcher.cluster.output import last_line
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.isolation.network import address_of
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.machine.process_tree import EACH_S
from testbed.launcher.server.local_worker import LocalWorker
from testbed.launcher.server.outbox import LoopOutbox
from testbed.launcher.server.source import (
    LOOPBACK,
    OnMessage,
    StartRequest,
    WorkerSlot,
    WorkerSource,
    ignored,
)
from testbed.launcher.server.starts import Answer, Starts, finish
from testbed.launcher.server.wire import Inbox, line_of
from testbed.launcher.server.worker_process import WorkerProcess

START_DEADLINE_S = 180.0
STOP_DEADLINE_S = 10.0


class PreloadedServer:
    """A running server; `start_worker` returns handles on the workers that it forks."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, log: Path) -> None:
        self._process = process
        self._control = control
        self._outbox, self._inbox = LoopOutbox(control), Inbox(control)
        self._log = log
        self._gone = False
        self._workers: dict[str, WorkerProcess] = {}
        self._keys = itertools.count()
        self._requests = itertools.count()
        self._asked: dict[int, Answer] = {}
        self._starts = Starts(self._request, self._worker_ended)
        self._addresses = map(address_of, itertools.count())
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.attach()

    def attach(self) -> None:
        """Listen to the server in the running event loop."""
        asyncio.get_running_loop().add_reader(self._control, self._listen)

    def detach(self) -> None:
        """Stop listening, so that another event loop can listen."""
        asyncio.get_running_loop().remove_reader(self._control)

    @property
    def pid(self) -> int:
        """The process whose end ends everything: the server's, or its keeper's."""
        return self._process.pid

    @property
    def isolation(self) -> Isolation:
        """The namespaces that belong to the run; known once the server is ready."""
        return Isolation(**self._ready.result()["isolation"])

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the server, as its imports left it; known once it is ready."""
        environment: dict[str, str] = self._ready.result()["environment"]
        return environment

    @property
    def sources(self) -> Sequence[WorkerSource]:
        """This server alone: one host."""
        return [self]

    @property
    def lost(self) -> str:
        """Why no worker can be started: the server has ended unexpectedly; else empty."""
        # A process that dies closes its socket some time before it can be waited for.
        if self._gone or self._process.poll() is not None:
            return f"the preloaded server has ended unexpectedly; {self._last_word}"
        return ""

    @property
    def _last_word(self) -> str:
        """The path of its log, and the log's last line."""
        said = last_line(self._log)
        return f"see {self._log}" + f", which ends: {said}" * bool(said)

    @contextlib.asynccontextmanager
    async def reserve_slots(
        self, count: int, *, apart: bool = False
    ) -> AsyncIterator[list[WorkerSlot]]:
        """Reserve slots on loopback, or each worker in a separate network with `apart`."""
        with contextlib.ExitStack() as holding:
            try:
                ports = holding.enter_context(held_ports(count))
            except OSError as problem:
                why = limit_reached(problem) or str(problem)
                raise LaunchError(f"no ports for {count} workers: {why}") from problem
            hosts = [self.new_address() if apart else LOOPBACK for _ in ports]
            yield [
                WorkerSlot(self, f"{host}:{port}", host if apart else "")
                for host, port in zip(hosts, ports, strict=True)
            ]

    def new_address(self) -> str:
        """A new address for a worker that gets a separate network; no other worker gets it."""
        return next(self._addresses)

    async def wait_until_ready(self, isolation: str) -> None:
        """Wait until the server has imported what it preloads.

        Raises:
            LaunchError: it failed, is too slow, has threads, which make forking unsafe, or has no
                separate network where that is required.
        """
        await asyncio.wait({self._ready}, timeout=START_DEADLINE_S)
        if not self._ready.done():
            raise LaunchError(
                f"the preloaded server did not start within {START_DEADLINE_S:.0f} s;"
                f" {self._last_word}"
            )
        event = self._ready.result()
        if event["event"] == "failed":
            raise LaunchError(f"the preloaded server {event['message']}")
        if event["threads"] != 1:
            raise LaunchError(
                f"importing left {event['threads']} threads in the preloaded server, so forking it"
                " is not safe here; run with --fresh"
            )
        if isolation == REQUIRED and not self.isolation.network:
            raise LaunchError(
                f"a network of the run's own is not allowed here ({self.isolation.why});"
                " allow namespaces, or run with --isolation auto"
            )

    def start_worker(
        self, request: StartRequest, changed: asyncio.Event, on_message: OnMessage = ignored
    ) -> WorkerProcess:
        """Start a worker and send it its envelope; raises LaunchError if the server is gone."""
        if self.lost:
            raise LaunchError(self.lost)
        key = str(next(self._keys))
        worker = self._workers[key] = LocalWorker(key, self._ask, changed, on_message)
        worker.give_orders(request.envelope)
        self._starts.add(
            worker,
            {
                "op": "start",
                "worker": key,
                "fresh": request.fresh,
                "log": request.log,
                "environment": request.environment,
                "folder": str(Path.cwd()),
                "address": request.address,
            },
        )
        return worker

    def _ask(self, request: dict[str, Any]) -> Answer:
        """Send a request about a worker that may not be started yet."""
        return self._starts.ask(request) or self._request(request)

    def _request(self, request: dict[str, Any], channel: socket.socket | None = None) -> Answer:
        """Send the server a request; the answer is done when the server did it, or has ended."""
        answer: Answer = asyncio.get_running_loop().create_future()
        if self._gone:
            finish(answer)
            if channel:
                channel.close()
            return answer
        number = next(self._requests)
        self._asked[number] = answer
        self._outbox.put(line_of({**request, "number": number}), channel)
        return answer

    def _listen(self) -> None:
        events = self._inbox.receive()
        if events is None:
            self._server_ended()
            return
        for event in events:
            if event["event"] == "failed":
                event["message"] += f"; see {self._log}"
            if event["event"] in ("ready", "failed"):
                self._ready.set_result(event)
            elif event["event"] == "did":
                finish(self._asked.pop(event["number"]), event["found"])
            else:
                self._worker_ended(event["worker"], event["status"], event["at"], event["words"])

    def _worker_ended(self, key: str, status: int, at: float, words: str) -> None:
        worker = self._workers.pop(key)
        worker.ended(status, at)
        worker.words = worker.words or words

    def _server_ended(self) -> None:
        self._gone = True
        self._outbox.close()
        self.detach()
        if not self._ready.done():
            message = f"ended before it was ready; {self._last_word}"
            self._ready.set_result({"event": "failed", "message": message})
        self._starts.drop()
        for asked in self._asked.values():
            finish(asked)
        # The kernel has killed them when their parent, the server, died.
        for key in list(self._workers):
            self._worker_ended(key, signal.SIGKILL, time.monotonic(), self.lost)

    def stop(self) -> None:
        """End the server and, with it, every worker and all that they started."""
        self._starts.drop()
        self._outbox.close()
        self.detach()
        # End of file on the control socket ends the server. While it still imports, it does not
        # read the socket, and has no workers either.
        self._control.close()
        if not self._ready.done():
            self._process.kill()
        elif self._process.poll() is None:
            # A stopped server would not read the end of file, and its keeper waits for it.
            os.killpg(self._process.pid, signal.SIGCONT)
        try:
            self._process.wait(STOP_DEADLINE_S + EACH_S * len(self._workers))
        except subprocess.TimeoutExpired:
            # The kernel kills its workers when it dies.
            self._process.kill()
            self._process.wait()
