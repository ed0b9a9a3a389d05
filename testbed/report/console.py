"""A run in a terminal while it goes on. What comes after it is drawn by `report/text.py`."""

from __future__ import annotations

import asyncio
import itertools
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

from testbed.launcher.isolation import Isolation
from testbed.launcher.worker_process import WorkerProcess
from testbed.report.follow import Follower
from testbed.report.text import console, describe
from testbed.scenario import Case
from testbed.selection import Selection
from testbed.verdict import Verdict

# A log has no event for a new line, so it is looked at this often, in seconds.
FOLLOW_INTERVAL_S = 0.05
PHASES_INTERVAL_S = 0.25


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
        self._workers: dict[Case, Sequence[WorkerProcess]] = {}
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
        if isolation.notice:
            self._print(f"[yellow]{escape(isolation.notice)}[/yellow]")

    def started(self, case: Case) -> None:
        """See `testbed.case_run.Observer`."""
        self._running.append(case)
        if self._verbose:
            self._print(f"[bold]{escape(case.id)}[/bold]")
        self._update()

    def judged(self, verdict: Verdict) -> None:
        """See `testbed.case_run.Observer`."""
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
        """See `testbed.case_run.Observer`; follows workers and logs until it is cancelled."""
        self._workers[case] = workers
        follower, told = Follower(logs), [0] * len(workers)

        def show() -> None:
            if self._verbose:
                for worker, line in follower.lines():
                    self._print(f"[dim]worker {worker} |[/dim] {escape(line)}")
                self._show_phases(workers, told)
            self._update()

        try:
            while True:
                show()
                await asyncio.sleep(FOLLOW_INTERVAL_S if self._verbose else PHASES_INTERVAL_S)
        finally:
            show()
            del self._workers[case]

    def _show_phases(self, workers: Sequence[WorkerProcess], told: list[int]) -> None:
        """What workers told since the last look; of steps in a row the last one."""
        for number, worker in enumerate(workers):
            new = [str(each["phase"]) for each in worker.phases[told[number] :]]
            told[number] += len(new)
            for phase, following in itertools.pairwise([*new, ""]):
                if not (phase.startswith("step ") and following.startswith("step ")):
                    self._print(f"[dim]worker {number} : {escape(phase)}[/dim]")

    def _update(self) -> None:
        ids = ", ".join(self._describe(case) for case in self._running[:2])
        more = f" and {len(self._running) - 2} more" if len(self._running) > 2 else ""
        self._progress.update(self._task, description=escape(ids + more))

    def _describe(self, case: Case) -> str:
        """A case that runs, and how far each of its workers is."""
        phases = [worker.phase for worker in self._workers.get(case, ())]
        return f"{case.id} ({' | '.join(phases)})" if phases else case.id

    def _print(self, line: str) -> None:
        self._progress.console.print(line, soft_wrap=True)
