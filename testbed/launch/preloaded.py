"""The launching process's side of the preloaded server: start it, ask it for workers, end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from testbed.errors import LaunchError
from testbed.launch import server
from testbed.launch.environment import server_environment
from testbed.launch.worker_process import WorkerProcess

START_DEADLINE_S = 180.0
STOP_DEADLINE_S = 10.0


class PreloadedServer:
    """A running server; `start_worker` gives handles on the workers that it forks."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._workers: dict[str, WorkerProcess] = {}
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(control, self._listen)

    async def wait_until_ready(self, log: Path) -> None:
        """Wait until the server has imported what it preloads.

        Raises:
            LaunchError: it failed, is too slow, or has threads, which make forking unsafe.
        """
        await asyncio.wait({self._ready}, timeout=START_DEADLINE_S)
        if not self._ready.done():
            raise LaunchError(
                f"the preloaded server did not start within {START_DEADLINE_S:.0f} s; see {log}"
            )
        event = self._ready.result()
        if event["event"] == "failed":
            raise LaunchError(f"the preloaded server could not import: {event['message']}")
        if event["threads"] != 1:
            raise LaunchError(
                f"importing left {event['threads']} threads in the preloaded server, so forking it"
                " is not safe here; run with --fresh"
            )

    def start_worker(
        self,
        key: str,
        orders: dict[str, Any],
        *,
        log: Path,
        environment: dict[str, str | None],
        changed: asyncio.Event,
        fresh: bool = False,
    ) -> WorkerProcess:
        """Start a worker and give it its orders.

        Args:
            key: unique among the workers that run.
            orders: JSON; `entry` and `stacks` as in `testbed.launch.child`.
            log: gets what the worker prints.
            environment: set (or, with None, removed) before the worker does anything.
            changed: set whenever something happens to the worker.
            fresh: a new interpreter instead of a fork of the preloaded one.

        Raises:
            LaunchError: the server is gone.
        """
        ours, theirs = socket.socketpair()
        worker = WorkerProcess(key, ours, self._request, changed)
        self._workers[key] = worker
        request = {
            "op": "start",
            "worker": key,
            "fresh": fresh,
            "log": str(log),
            "environment": environment,
            "folder": str(Path.cwd()),
        }
        with theirs:
            self._request(request, theirs)
        worker.give_orders(orders)
        return worker

    def _request(self, request: dict[str, Any], channel: socket.socket | None = None) -> None:
        fds = [channel.fileno()] if channel else []
        try:
            # A blocking send: requests are short, and the server reads them at once.
            self._control.setblocking(True)
            socket.send_fds(self._control, [json.dumps(request).encode()], fds)
            self._control.setblocking(False)
        except OSError as problem:
            raise LaunchError("the preloaded server has ended unexpectedly") from problem

    def _listen(self) -> None:
        try:
            data = self._control.recv(server.MESSAGE_BYTES)
        except OSError:
            data = b""
        if not data:
            self._server_ended()
            return
        event = json.loads(data)
        if event["event"] in ("ready", "failed"):
            self._ready.set_result(event)
        elif event["event"] == "started":
            self._workers[event["worker"]].pid = event["pid"]
        else:
            self._workers.pop(event["worker"]).ended(event["status"])

    def _server_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._control)
        if not self._ready.done():
            self._ready.set_result({"event": "failed", "message": "it ended; see its log"})
        # The kernel has killed them when their parent, the server, died.
        for worker in self._workers.values():
            worker.ended(signal.SIGKILL)
        self._workers.clear()

    def stop(self) -> None:
        """End the server and, with it, every worker and all that they started."""
        asyncio.get_running_loop().remove_reader(self._control)
        # End of file on its control socket is what tells the server that its work is over; while
        # it still imports it does not listen, and has no workers either.
        self._control.close()
        if not self._ready.done():
            self._process.kill()
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            # Its workers die with it: the kernel sees to that.
            self._process.kill()
            self._process.wait()


@contextlib.asynccontextmanager
async def preloaded_server(
    preload: Sequence[str],
    log: Path,
    marks: dict[str, str] | None = None,
    python: str = sys.executable,
    *,
    exact: bool = True,
) -> AsyncIterator[PreloadedServer]:
    """A server that has imported the modules in `preload`; nothing of it outlives the block.

    Args:
        preload: empty where every worker is to be fresh.
        log: gets what the server prints.
        marks: further environment variables of the server and so of all workers.
        python: the interpreter of the server and all workers.
        exact: see `testbed.launch.environment.server_environment`.

    Raises:
        LaunchError: see `PreloadedServer.wait_until_ready`.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    command = [python, "-m", server.__name__, str(theirs.fileno()), *preload]
    with theirs, log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**server_environment(os.environ, exact=exact), **(marks or {})},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    running = PreloadedServer(process, ours)
    try:
        await running.wait_until_ready(log)
        yield running
    finally:
        running.stop()
