"""The status of a followed job: polls its engine, and shows the state as one line."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from testbed.engines.job import Job, JobState
from testbed.errors import LaunchError


class StatePoller:
    """Polls the state of a job in a thread, since an engine may answer slowly.

    Args:
        job: the job.
        interval: seconds between two polls.
        later: the same interval after `soon` seconds.
        soon: seconds.
    """

    def __init__(self, job: Job, interval: float, later: float, soon: float) -> None:
        self.state: JobState | None = None
        """The state at the last successful poll."""
        self.problem = ""
        """The error of the last poll; empty where it succeeded."""
        self._job, self._interval, self._later, self._soon = job, interval, later, soon
        self._began = self._answered = time.monotonic()
        self._wake, self._over = threading.Event(), False
        # A daemon, not joined: its poll may hang after the job is over.
        self._thread = threading.Thread(target=self._ask, daemon=True)

    @property
    def unanswered_for(self) -> float:
        """Seconds since the last answer, if the last poll failed; else 0."""
        return time.monotonic() - self._answered if self.problem else 0.0

    def hurry(self) -> None:
        """Poll at once, and at the short interval from then on."""
        self._later = self._interval
        self._wake.set()

    def __enter__(self) -> StatePoller:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._wake.set()

    def _ask(self) -> None:
        while not (self._over or (self.state and self.state.over)):
            try:
                self.state = self._job.state()
                self.problem, self._answered = "", time.monotonic()
            except LaunchError as refused:
                self.problem = str(refused)
            except Exception as unforeseen:
                self.problem = f"{type(unforeseen).__name__}: {unforeseen}"
            early = time.monotonic() - self._began < self._soon
            self._wake.wait(self._interval if early else self._later)
            self._wake.clear()


class StatusLine:
    """Shows the state of a job: one live line on a terminal, else a line for each change.

    Args:
        name: of the job.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._console = Console(stderr=True)
        self._live: Live | None = None
        self._phase, self._since = "", time.monotonic()
        self._printed = ""
        self._shown: Text | None = None

    def show(self, state: JobState | None, more: str) -> None:
        """Show a state and further text, as the progress of the run."""
        text = state.text if state else "submitted"
        if (phase := text.split()[0]) != self._phase:
            self._phase, self._since = phase, time.monotonic()
        if not sys.stderr.isatty() or self._console.is_dumb_terminal:
            # Up to the comma: the expected start after it changes with every poll.
            if (printed := text.partition(",")[0]) != self._printed:
                self._printed = printed
                print(f"{self._name}: {text}", file=sys.stderr, flush=True)
            return
        seconds = f"{time.monotonic() - self._since:.0f} s"
        line = Text(f"{self._name}: " + ", ".join(filter(None, [text, more, seconds])))
        line.truncate(self._console.width, overflow="ellipsis")
        if self._live is None:
            self._live = Live(
                console=self._console,
                transient=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            self._shown = None
        if line != self._shown:
            self._shown = line
            self._live.update(line, refresh=True)

    def hide(self) -> None:
        """Remove the line, until the next `show`."""
        if self._live is not None:
            self._live.stop()
            self._live = None
