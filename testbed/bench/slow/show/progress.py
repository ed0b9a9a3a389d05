"""Shows the progress of the runs of a program."""

from __future__ import annotations

import time

from rich.console import Console

from testbed.bench.show.progress import TimedBar, time_left


class ProgramProgress(TimedBar):
    """A progress bar; it estimates the time left from the runs so far."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._began = time.monotonic()

    def ran(self, number: int, planned: int) -> None:
        """Advance the bar to a run; `planned` is 0 while the number of all runs is unknown."""
        if not planned:
            self._progress.update(self._task, description="first run")
            self._began = time.monotonic()
            return
        # The first run is not counted: it waited for the server.
        left = (time.monotonic() - self._began) / max(1, number - 1) * (planned - number)
        self._progress.update(
            self._task,
            total=planned,
            completed=number,
            description=f"run {number} of {planned}",
            left=time_left(left),
        )
