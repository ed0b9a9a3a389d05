"""Shows the progress of the runs of a program."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import TextColumn

from testbed.report.output.console import progress_bar


class ProgramProgress:
    """A progress bar; it estimates the time left from the runs so far."""

    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._progress = progress_bar(console, TextColumn("{task.fields[left]:>12}"))
        self._task = self._progress.add_task("importing TensorFlow", total=None, left="")

    def __enter__(self) -> ProgramProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

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
            left=f"{left // 60:.0f}:{left % 60:02.0f} left",
        )
