"""Queues worker starts, so that only few are under way at once.

Each start has a channel, whose descriptors stay in a socket until the server takes them. A burst
of starts would fill the socket and delay a deadline or Ctrl-C. So a worker's channel is made when
its turn comes, and a worker that is ended before its turn costs nothing.
"""

from __future__ import annotations

import asyncio
import functools
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from testbed.errors import limit_reached
from testbed.launcher.server.local_worker import LocalWorker

AT_ONCE = 16
"""Enough starts under way that the server never waits for the next one."""

_FAILED = 1 << 8
"""waitpid's status for an exit code of 1."""

Answer = asyncio.Future[Any]


@dataclass
class _Start:
    worker: LocalWorker
    request: dict[str, Any]
    later: list[tuple[dict[str, Any], Answer]] = field(default_factory=list)
    """Requests about the worker, sent once it has been started."""


class Starts:
    """The starts that are not yet requested from one server."""

    def __init__(
        self,
        send: Callable[[dict[str, Any], socket.socket | None], Answer],
        ended: Callable[[str, int, float, str], None],
    ) -> None:
        self._send = send
        self._ended = ended
        self._waiting: dict[str, _Start] = {}
        self._under_way = 0

    def add(self, worker: LocalWorker, request: dict[str, Any]) -> None:
        """Queue the start of a worker."""
        self._waiting[worker.key] = _Start(worker, request)
        self.go_on()

    def go_on(self) -> None:
        """Request as many starts as may be under way."""
        while self._waiting and self._under_way < AT_ONCE:
            self._ask_for(self._waiting.pop(next(iter(self._waiting))))

    def _ask_for(self, start: _Start) -> None:
        try:
            ours, theirs = socket.socketpair()
        except OSError as problem:
            why = limit_reached(problem) or str(problem)
            self._end(start, _FAILED, f"it could not be started: {why}")
            return
        self._under_way += 1
        self._send(start.request, theirs).add_done_callback(self._done)
        start.worker.connect(ours)
        for request, answer in start.later:
            self._send(request, None).add_done_callback(functools.partial(_pass_on, answer))

    def _done(self, _answer: Answer) -> None:
        self._under_way -= 1
        self.go_on()

    def ask(self, request: dict[str, Any]) -> Answer | None:
        """Queue a request about a worker that waits for its start; None if none waits."""
        start = self._waiting.get(request["worker"])
        if start is None:
            return None
        answer: Answer = asyncio.get_running_loop().create_future()
        if request["op"] == "kill":
            del self._waiting[request["worker"]]
            finish(answer)
            self._end(start, signal.SIGKILL, "")
        else:
            start.later.append((request, answer))
        return answer

    def drop(self) -> None:
        """Drop all waiting starts."""
        waiting, self._waiting = self._waiting, {}
        for start in waiting.values():
            for _, answer in start.later:
                finish(answer)

    def _end(self, start: _Start, status: int, words: str) -> None:
        self._ended(start.worker.key, status, time.monotonic(), words)
        for _, answer in start.later:
            finish(answer)


def _pass_on(answer: Answer, given: Answer) -> None:
    finish(answer, None if given.cancelled() else given.result())


def finish(answer: Answer, found: Any = None) -> None:
    """Set the result of a request, unless the request was cancelled in between."""
    if not answer.done():
        answer.set_result(found)
