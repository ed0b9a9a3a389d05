"""Shows the progress of a benchmark, and the time left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.progress import TextColumn

from testbed.bench.rounds import Progress
from testbed.bench.visits import BenchSetup
from testbed.launcher.isolation.isolation import Isolation
from testbed.report.formats.text import escape
from testbed.report.output.console import progress_bar

Bar = TypeVar("Bar", bound="TimedBar")


class TimedBar:
    """A progress bar with the time left, in the block."""

    def __init__(self, console: Console) -> None:
        self._progress = progress_bar(console, TextColumn("{task.fields[left]:>12}"))
        self._task = self._progress.add_task("importing TensorFlow", total=None, left="")

    def __enter__(self: Bar) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


class BenchProgress(TimedBar, Progress):
    """A progress bar; it estimates the time left from the visits of each part so far."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._setups: Sequence[BenchSetup] = ()
        self._rounds = 0
        self._done: dict[str, int] = {}
        self._took: dict[str, list[float]] = {}
        self._last = time.monotonic()

    def opened(self, isolation: Isolation) -> None:
        """Print the notice about the isolation, if any."""
        if isolation.notice:
            self._progress.console.print(f"[yellow]{escape(isolation.notice)}[/yellow]")

    def planned(self, setups: Sequence[BenchSetup], rounds: int) -> None:
        """Set the total of the bar."""
        self._setups, self._rounds = setups, rounds
        self._last = time.monotonic()
        self._progress.update(self._task, total=len(setups) * (rounds + 1))

    def visited(self, setup: BenchSetup, round_number: int) -> None:
        """Advance the bar by one visit."""
        now = time.monotonic()
        key = _kind(setup)
        if round_number:
            # Pilots are shorter than visits, so they do not count for the estimate.
            self._took.setdefault(key, []).append(now - self._last)
            self._done[key] = self._done.get(key, 0) + 1
        self._last = now
        step = f"round {round_number} of {self._rounds}" if round_number else "pilot"
        self._progress.update(
            self._task,
            advance=1,
            description=f"{step}: {setup.part} {setup.case.id}",
            left=self._left() if round_number else "",
        )

    def _left(self) -> str:
        """The estimated time of the remaining visits, from the mean time of those so far."""
        planned: dict[str, int] = {}
        for setup in self._setups:
            planned[_kind(setup)] = planned.get(_kind(setup), 0) + self._rounds
        everything = [seconds for took in self._took.values() for seconds in took]
        seconds = 0.0
        for key, count in planned.items():
            took = self._took.get(key, everything)
            seconds += (count - self._done.get(key, 0)) * sum(took) / len(took)
        return time_left(seconds)


def _kind(setup: BenchSetup) -> str:
    return f"{setup.kind} {setup.case.deployment}"


def time_left(seconds: float) -> str:
    """A time in minutes and seconds: `1:05 left`."""
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f} left"
