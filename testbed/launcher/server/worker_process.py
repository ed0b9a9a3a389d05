"""The launching process's handle on one worker: how far it is, and how it ended."""

from __future__ import annotations

import asyncio
import json
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.launcher.cluster.activity import Activity
from testbed.launcher.cluster.step_count import Steps
from testbed.launcher.server.channel import EXIT_CODE_COUNTS


class WorkerProcess(ABC):
    """A worker seen from outside, wherever it runs.

    Whenever something happens to it, it sets `changed`; what it tells of itself goes to `told`.
    A subclass knows how to reach it: see `say` and `request`.
    """

    def __init__(
        self,
        key: str,
        changed: asyncio.Event,
        told: Callable[[dict[str, Any]], None],
    ) -> None:
        self.key = key
        self.phases: list[dict[str, Any]] = []
        """What the worker told of itself: `phase`, `at` (seconds of the monotonic clock), more."""
        self.notes: list[dict[str, Any]] = []
        """What else it told: `note` (its name), `at`, more."""
        self.held = False
        """Whether it waits for its turn before it has done anything: it is no part of the cluster
        yet, and may never become one."""
        self.late = 0.0
        """How many seconds after the first worker it was let go on."""
        self.words = ""
        """What it said when it was about to end without a report."""
        self.ended_for = ""
        """Why it was ended before its time."""
        self.status: int | None = None
        """How it ended, as waitpid tells it; None while it runs."""
        self.ended_at: float | None = None
        self.steps: Steps | None = None
        """The steps that its program had begun when that was last heard of."""
        self._changed = changed
        self._told = told
        self._gone = asyncio.Event()

    @abstractmethod
    def say(self, line: str) -> None:
        """Send the worker a line, which it reads when it waits for one; nothing if it ended."""

    @abstractmethod
    def request(self, what: dict[str, Any]) -> asyncio.Future[Any]:
        """Have something done to the worker from outside; done, with what was found, when it is."""

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
        if self.held:
            return False
        if self.reported:
            return not all(told.get("good", True) for told in self.phases)
        return self.status is not None and not (self.status == 0 and self.exit_code_counts)

    @property
    def exit_code_counts(self) -> bool:
        """Whether it runs a program, which may end without a report, as under plain python."""
        return any(told.get(EXIT_CODE_COUNTS) for told in self.phases)

    def reached(self, phase: str) -> bool:
        """Whether the worker has told this phase."""
        return any(told["phase"] == phase for told in self.phases)

    def give_orders(self, orders: dict[str, Any]) -> None:
        """Tell the worker what to do; its channel holds this until it reads."""
        self.say(json.dumps(orders))

    def give_turn(self) -> None:
        """Let a worker go on that told `waiting`."""
        self.say("turn")

    def release(self, late: float) -> None:
        """Let a held worker go on, so many seconds after the first one."""
        self.held, self.late = False, late
        self.give_turn()

    async def until_changed(self) -> None:
        """Wait until something has happened to this worker or to another one of its cluster."""
        self._changed.clear()
        await self._changed.wait()

    async def until_told(self, phase: str, times: int) -> bool:
        """Wait until the worker has told a phase so often; False where it ended or reported."""
        while sum(told["phase"] == phase for told in self.phases) < times:
            if self.status is not None or self.reported:
                return False
            await self.until_changed()
        return True

    def let_leave(self) -> None:
        """Allow a worker that has reported to end."""
        self.say("leave")

    def show_stacks(self, file: Path) -> None:
        """Have the worker write its Python stacks anew to its stacks file, and go on."""
        self._request_of({"op": "stacks", "file": str(file)})

    async def look(self) -> Activity | None:
        """What the worker does now; None where that is not known, as before it has started."""
        found = await self._request_of({"op": "activity"})
        if not found:
            return None
        activity = Activity.from_json(found)
        self.steps = activity.steps or self.steps
        return activity

    async def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone, and wait until it is sent."""
        await self._request_of({"op": "signal", "signal": int(number)})

    async def set_cable(self, *, plugged: bool) -> None:
        """Pull the cable of the worker's own network, or plug it in again, and wait for that."""
        await self._request_of({"op": "link", "up": plugged})

    def kill(self) -> asyncio.Future[None]:
        """SIGKILL the worker and everything in its process group; nothing if it has ended."""
        return self._request_of({"op": "kill"})

    def end_for(self, reason: str) -> None:
        """Kill the worker, and keep the reason."""
        self.ended_for = self.ended_for or reason
        self.kill()

    async def wait_until_ended(self) -> None:
        """Wait until the server has collected the process."""
        await self._gone.wait()

    def ended(self, status: int, at: float) -> None:
        """Whoever started it says that the process is gone."""
        self.status, self.ended_at = status, at
        self._gone.set()
        self._changed.set()

    def _request_of(self, request: dict[str, Any]) -> asyncio.Future[Any]:
        """Have the server do something to this worker; nothing if it has ended."""
        if self.status is None:
            return self.request(request)
        nothing: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        nothing.set_result(None)
        return nothing

    def take_in(self, message: Any) -> None:
        """Keep what the worker told: a phase, a note, or its last words.

        Raises:
            ValueError, TypeError, KeyError: it is neither.
        """
        if "words" in message:
            self.words = str(message["words"])
        elif "note" in message:
            note = {**message, "note": str(message["note"]), "at": float(message["at"])}
            self.notes.append(note)
            self._told(note)
        else:
            told = {**message, "phase": str(message["phase"]), "at": float(message["at"])}
            if "steps" in told:
                self.steps = Steps(int(told["steps"]), inside=False)
            self.phases.append(told)
            self._told(told)
        self._changed.set()
