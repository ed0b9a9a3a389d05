"""A run in a terminal while it goes on. What comes after it is drawn by `report/text.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console, OverflowMethod
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from testbed.launch.isolation import Isolation
from testbed.launch.worker_process import WorkerProcess
from testbed.report.text import console, describe
from testbed.scenario import Case
from testbed.selection import Selection
from testbed.verdict import Verdict

# A log has no event for a new line, so it is looked at this often, in seconds.
FOLLOW_INTERVAL_S = 0.05


def progress_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A bar with its percentage, further columns, and a description; nothing in a pipe."""
    return Progress(
        TextColumn("{task.percentage:>3.0f}%"),
        BarColumn(bar_width=24),
        *columns,
        # The only column that gives way where the terminal is narrow.
        TextColumn(
            "{task.description}",
            table_column=Column(no_wrap=True, overflow=_overflow(console), ratio=1),
        ),
        console=console,
        expand=True,
        transient=True,
        disable=not console.is_terminal,
    )


def _overflow(console: Console) -> OverflowMethod:
    """How a text that is too long ends: the dots of an ellipsis are no ASCII."""
    return "crop" if console.options.ascii_only else "ellipsis"


class ConsoleObserver:
    """Shows which cases run; with `verbose`, also what their workers print and what they saw."""

    def __init__(self, selection: Selection, *, verbose: bool) -> None:
        self._console = console()
        self._verbose = verbose
        self._running: list[Case] = []
        self._progress = progress_bar(self._console, MofNCompleteColumn(), TimeElapsedColumn())
        self._task = self._progress.add_task("importing TensorFlow", total=len(selection.cases))

    def __enter__(self) -> ConsoleObserver:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def opened(self, isolation: Isolation) -> None:
        """See `testbed.case_run.Observer`."""
        if not isolation.network:
            self._print(
                f"[yellow]not isolated ({escape(isolation.why)}): other machines can reach the"
                " workers of multi-worker cases[/yellow]"
            )

    def started(self, case: Case) -> None:
        """See `testbed.runner.Observer`."""
        self._running.append(case)
        if self._verbose:
            self._print(f"[bold]{escape(case.id)}[/bold]")
        self._update()

    def judged(self, verdict: Verdict) -> None:
        """See `testbed.runner.Observer`."""
        if verdict.case in self._running:
            self._running.remove(verdict.case)
        self._progress.advance(self._task)
        if self._verbose:
            for line in describe(verdict):
                self._print(line)
        self._update()

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """See `testbed.runner.Observer`; follows the workers' logs until it is cancelled."""
        if not self._verbose:
            return
        offsets = [0] * len(logs)
        try:
            while True:
                self._show_new(logs, offsets)
                await asyncio.sleep(FOLLOW_INTERVAL_S)
        finally:
            self._show_new(logs, offsets)

    def _show_new(self, logs: Sequence[Path], offsets: list[int]) -> None:
        for worker, log in enumerate(logs):
            if not log.exists():
                continue
            with log.open("rb") as file:
                file.seek(offsets[worker])
                whole, newline, _ = file.read().rpartition(b"\n")
            offsets[worker] += len(whole) + len(newline)
            for line in whole.decode(errors="replace").splitlines():
                self._print(f"[dim]worker {worker} |[/dim] {escape(line)}")

    def _update(self) -> None:
        ids = ", ".join(case.id for case in self._running[:2])
        more = f" and {len(self._running) - 2} more" if len(self._running) > 2 else ""
        self._progress.update(self._task, description=escape(ids + more))

    def _print(self, line: str) -> None:
        self._progress.console.print(line, soft_wrap=True)
