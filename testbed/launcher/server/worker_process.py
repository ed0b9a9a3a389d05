"""The launching process's handle on one worker: its progress, and how it ended."""

from __future__ import annotations

import asyncio
import json
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.decoding import decoded
from testbed.launcher.cluster.activity import Activity
from testbed.launcher.cluster.step_count import Steps
from testbed.launcher.server.channel import EXIT_CODE_COUNTS


class WorkerProcess(ABC):
    """A handle on a worker on any host.

    It sets `changed` whenever something happens to the worker, and passes each message to
    `on_message`. A subclass implements `say` and `request`, which reach the worker.
    """

    def __init__(
        self,
        key: str,
        changed: asyncio.Event,
        on_message: Callable[[dict[str, Any]], None],
    ) -> None:
        self.key = key
        self.phases: list[dict[str, Any]] = []
        """Its phases: each has `phase`, `at` (seconds of the monotonic clock), and details."""
        self.notes: list[dict[str, Any]] = []
        """Its other messages: each has `note` (a name), `at`, and details."""
        self.held = False
        """Whether it still waits for its turn and has done nothing: it is not part of the cluster
        yet, and may never become one."""
        self.late = 0.0
        """Seconds between the release of the first worker and the release of this one."""
        self.words = ""
        """Its message before it ended without a report."""
        self.ended_for = ""
        """Why the launcher ended it early; empty if it did not."""
        self.status: int | None = None
        """Its exit status in waitpid's format; None while it runs."""
        self.ended_at: float | None = None
        self.steps: Steps | None = None
        """The steps that its program had begun at the last message or look."""
        self._changed = changed
        self._on_message = on_message
        self._gone = asyncio.Event()

    @abstractmethod
    def say(self, line: str) -> None:
        """Send the worker a line, which it reads when it waits for one; ignored if it ended."""

    @abstractmethod
    def request(self, what: dict[str, Any]) -> asyncio.Future[Any]:
        """Send a request about the worker to its server; the result is the server's answer."""

    @property
    def phase(self) -> str:
        """The last phase that the worker reported."""
        return str(self.phases[-1]["phase"]) if self.phases else "starting"

    @property
    def reported(self) -> bool:
        """Whether its report is written."""
        return self.reached("reported")

    @property
    def failed(self) -> bool:
        """Whether its peers wait in vain: it ended early, or its report is bad."""
        if self.held:
            return False
        if self.reported:
            return not all(phase.get("good", True) for phase in self.phases)
        return self.status is not None and not (self.status == 0 and self.exit_code_counts)

    @property
    def exit_code_counts(self) -> bool:
        """Whether it runs a program, which may end without a report, as under plain Python."""
        return any(phase.get(EXIT_CODE_COUNTS) for phase in self.phases)

    def reached(self, phase: str) -> bool:
        """Whether the worker has reported this phase."""
        return any(each["phase"] == phase for each in self.phases)

    def give_orders(self, orders: dict[str, Any]) -> None:
        """Send the worker its orders; the channel keeps them until it reads."""
        self.say(json.dumps(orders))

    def give_turn(self) -> None:
        """Let a worker that reported `waiting` continue."""
        self.say("turn")

    def release(self, late: float) -> None:
        """Let a held worker continue, `late` seconds after the first one."""
        self.held, self.late = False, late
        self.give_turn()

    async def until_changed(self) -> None:
        """Wait until something has happened to this worker or to another one of its cluster."""
        self._changed.clear()
        await self._changed.wait()

    async def until_reached(self, phase: str, times: int) -> bool:
        """Wait until the worker has reported a phase `times` times; False if it ended before."""
        while sum(each["phase"] == phase for each in self.phases) < times:
            if self.status is not None or self.reported:
                return False
            await self.until_changed()
        return True

    def let_leave(self) -> None:
        """Allow a worker that has reported to end."""
        self.say("leave")

    def show_stacks(self, file: Path) -> None:
        """Make the worker write its Python stacks anew to its stacks file, and continue."""
        self._request_of({"op": "stacks", "file": str(file)})

    async def look(self) -> Activity | None:
        """Read the worker's current activity; None where it is unknown, as before its start."""
        found = await self._request_of({"op": "activity"})
        if not found:
            return None
        activity = decoded(Activity, found)
        self.steps = activity.steps or self.steps
        return activity

    async def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone, and wait until it is sent."""
        await self._request_of({"op": "signal", "signal": int(number)})

    async def set_cable(self, *, plugged: bool) -> None:
        """Unplug or plug in the cable of the worker's separate network, and wait for that."""
        await self._request_of({"op": "link", "up": plugged})

    def kill(self) -> asyncio.Future[None]:
        """SIGKILL the worker and everything in its process group; ignored if it has ended."""
        return self._request_of({"op": "kill"})

    def end_for(self, reason: str) -> None:
        """Kill the worker, and store the reason."""
        self.ended_for = self.ended_for or reason
        self.kill()

    async def wait_until_ended(self) -> None:
        """Wait until the server has collected the process."""
        await self._gone.wait()

    def ended(self, status: int, at: float) -> None:
        """Record the end of the process, which the process that started it reports."""
        self.status, self.ended_at = status, at
        self._gone.set()
        self._changed.set()

    def _request_of(self, request: dict[str, Any]) -> asyncio.Future[Any]:
        """Send a request about this worker to its server; the answer is None if it has ended."""
        if self.status is None:
            return self.request(request)
        nothing: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        nothing.set_result(None)
        return nothing

    def take_in(self, message: Any) -> None:
        """Store a message of the worker: a phase, a note, or its last words.

        Raises:
            ValueError, TypeError, KeyError: the message is none of these.
        """
        if "words" in message:
            self.words = str(message["words"])
        elif "note" in message:
            note = {**message, "note": str(message["note"]), "at": float(message["at"])}
            self.notes.append(note)
            self._on_message(note)
        else:
            phase = {**message, "phase": str(message["phase"]), "at": float(message["at"])}
            if "steps" in phase:
                self.steps = Steps(int(phase["steps"]), inside=False)
            self.phases.append(phase)
            self._on_message(phase)
        self._changed.set()
