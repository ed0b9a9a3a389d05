"""The launching process's handle on one worker: how far it is, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Callable
from typing import Any


class WorkerProcess:
    """A worker seen from outside.

    Whenever something happens to it, it sets `changed`; what it tells of itself goes to `told`.
    """

    def __init__(
        self,
        key: str,
        channel: socket.socket,
        request: Callable[[dict[str, Any]], asyncio.Future[None]],
        changed: asyncio.Event,
        told: Callable[[dict[str, Any]], None],
    ) -> None:
        channel.setblocking(False)
        self.key = key
        self.phases: list[dict[str, Any]] = []
        """What the worker told of itself: `phase`, `at` (seconds of the monotonic clock), more."""
        self.words = ""
        """What it said when it was about to end without a report."""
        self.ended_for = ""
        """Why it was ended before its time."""
        self.status: int | None = None
        """How it ended, as waitpid tells it; None while it runs."""
        self.ended_at: float | None = None
        self._changed = changed
        self._told = told
        self._channel = channel
        self._unread = b""
        self._request = request
        self._gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(channel, self._read)

    @property
    def phase(self) -> str:
        """The last phase that the worker told."""
        return str(self.phases[-1]["phase"]) if self.phases else "starting"

    @property
    def reported(self) -> bool:
        """Whether its report is written."""
        return self.reached("reported")

    @property
    def failed(self) -> bool:
        """Whether its peers wait for it in vain: it ended early, or what it reported is bad."""
        if self.reported:
            return not all(told.get("good", True) for told in self.phases)
        return self.status is not None

    def reached(self, phase: str) -> bool:
        """Whether the worker has told this phase."""
        return any(told["phase"] == phase for told in self.phases)

    def give_orders(self, orders: dict[str, Any]) -> None:
        """Tell the worker what to do; its channel holds this until it reads."""
        self._say(json.dumps(orders))

    def give_turn(self) -> None:
        """Let a worker go on that told `waiting`."""
        self._say("turn")

    async def until_told(self, phase: str, times: int) -> bool:
        """Wait until the worker has told a phase so often; False where it ended or reported."""
        while sum(told["phase"] == phase for told in self.phases) < times:
            if self.status is not None or self.reported:
                return False
            self._changed.clear()
            await self._changed.wait()
        return True

    def let_leave(self) -> None:
        """Allow a worker that has reported to end."""
        self._say("leave")

    def show_stacks(self) -> None:
        """Have the worker write its Python stacks to its stacks file, and go on."""
        self._request_of({"op": "signal", "signal": int(signal.SIGUSR1)})

    async def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone, and wait until it is sent."""
        await self._request_of({"op": "signal", "signal": int(number)})

    async def set_cable(self, *, plugged: bool) -> None:
        """Pull the cable of the worker's own network, or plug it in again, and wait for that."""
        await self._request_of({"op": "link", "up": plugged})

    def kill(self) -> None:
        """SIGKILL the worker and everything in its process group; nothing if it has ended."""
        self._request_of({"op": "kill"})

    def end_for(self, reason: str) -> None:
        """Kill the worker, and keep the reason."""
        self.ended_for = self.ended_for or reason
        self.kill()

    async def wait_until_ended(self) -> None:
        """Wait until the server has collected the process."""
        await self._gone.wait()

    def ended(self, status: int, at: float) -> None:
        """The server says that the process is gone."""
        # What it said last may still lie in the channel.
        while self._read():
            pass
        self._close()
        self.status, self.ended_at = status, at
        self._gone.set()
        self._changed.set()

    def _request_of(self, request: dict[str, Any]) -> asyncio.Future[None]:
        """Have the server do something to this worker; nothing if it has ended."""
        if self.status is None:
            return self._request({**request, "worker": self.key})
        nothing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        nothing.set_result(None)
        return nothing

    def _say(self, text: str) -> None:
        # A worker that has ended cannot hear; its end is told by `ended`.
        with contextlib.suppress(OSError):
            self._channel.setblocking(True)
            self._channel.sendall(text.encode() + b"\n")
            self._channel.setblocking(False)

    def _read(self) -> bool:
        """Take in what lies in the channel; False when there is nothing (any more)."""
        try:
            data = self._channel.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close()
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take_in(line)
        self._changed.set()
        return True

    def _take_in(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            if "words" in message:
                self.words = str(message["words"])
                return
            told = {**message, "phase": str(message["phase"]), "at": float(message["at"])}
        except (ValueError, TypeError, KeyError):
            # Code in the worker wrote to a descriptor that it did not open.
            self.words = self.words or f"something else wrote to its channel: {line[:80]!r}"
            return
        self.phases.append(told)
        self._told(told)

    def _close(self) -> None:
        if self._channel.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
