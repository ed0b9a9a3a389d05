"""Live progress of a run in a terminal; `report/formats/text.py` prints the final report."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console, ConsoleOptions, OverflowMethod, RenderResult
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.segment import Segment
from rich.table import Column

from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.report.formats.text import console, describe, escape
from testbed.report.output.live import FOLLOW_INTERVAL_S, LATE_S, LogsShown, labelled
from testbed.report.output.observer import Observer
from testbed.report.output.printer import Printer
from testbed.terminal import tell, write_utf8
from testbed.verdict.verdict import Verdict

PHASES_INTERVAL_S = 0.25


def progress_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A bar with percentage, further columns and a description; disabled without a terminal."""
    return Progress(
        TextColumn("{task.percentage:>3.0f}%"),
        BarColumn(bar_width=24),
        *columns,
        # The only column that shrinks on a narrow terminal.
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow=_overflow(console), ratio=1),
        ),
        console=console,
        expand=True,
        transient=True,
        disable=not console.is_terminal,
    )


def _overflow(console: Console) -> OverflowMethod:
    """How to shorten a long text: an ellipsis character is not ASCII."""
    return "crop" if console.options.ascii_only else "ellipsis"


class ConsoleObserver(Observer):
    """Shows the running cases; with `verbose`, also the output and the verdict of each."""

    def __init__(self, selection: Selection, *, verbose: bool) -> None:
        self._console = console()
        self._printer = Printer()
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
        self._printer.close()
        if not self._printer.wait(None if problem is None else LATE_S):
            self._printer.give_up()
            tell("not all that the workers printed is shown here; it is in their logs")
        self._progress.stop()
        if problem is None and self._printer.problem:
            raise self._printer.problem

    def opened(self, isolation: Isolation) -> None:
        """Print the notice about the isolation, if any."""
        if isolation.notice:
            self._print(f"[yellow]{escape(isolation.notice)}[/yellow]")

    def started(self, case: Case) -> None:
        """Add a case to those that run."""
        self._running.append(case)
        if self._verbose:
            self._print(f"[bold]{escape(case.id)}[/bold]")
        self._update()

    def judged(self, verdict: Verdict) -> None:
        """Advance the bar; with `verbose`, print the verdict."""
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
        """Follow the workers and logs of a case until this is cancelled."""
        self._workers[case] = workers
        shown = LogsShown(logs, self._printer, self._show_lines)
        phases_shown = [0] * len(workers)
        try:
            while True:
                if self._verbose:
                    shown.look()
                    self._show_phases(workers, phases_shown)
                self._update()
                await asyncio.sleep(FOLLOW_INTERVAL_S if self._verbose else PHASES_INTERVAL_S)
        finally:
            if self._verbose:
                self._printer.do(shown.rest)
                self._show_phases(workers, phases_shown)
            self._update()
            del self._workers[case]

    def _show_phases(self, workers: Sequence[WorkerProcess], phases_shown: list[int]) -> None:
        """Print the new phases of all workers; of a series of steps only the last."""
        for number, worker in enumerate(workers):
            new = [str(each["phase"]) for each in worker.phases[phases_shown[number] :]]
            phases_shown[number] += len(new)
            for phase, following in itertools.pairwise([*new, ""]):
                if not (phase.startswith("step ") and following.startswith("step ")):
                    self._print(f"[dim]worker {number} : {escape(phase)}[/dim]")

    def _update(self) -> None:
        ids = ", ".join(self._describe(case) for case in self._running[:2])
        more = f" and {len(self._running) - 2} more" if len(self._running) > 2 else ""
        self._progress.update(self._task, description=ids + more)

    def _describe(self, case: Case) -> str:
        """The id of a running case, with the phase of each worker."""
        phases = [worker.phase for worker in self._workers.get(case, ())]
        return f"{case.id} ({' | '.join(phases)})" if phases else case.id

    def _print(self, markup: str) -> None:
        """Queue a line, to be printed after all earlier lines; does not block."""
        self._printer.do(lambda: self._print_now(markup))

    def _print_now(self, markup: str) -> None:
        if self._console.is_terminal:
            self._console.print(markup, soft_wrap=True)
        else:
            line = f"{self._console.render_str(markup).plain}\n"
            write_utf8(line.encode("utf-8", "backslashreplace"))

    def _show_lines(self, worker: int, lines: bytes) -> None:
        colours = self._console.color_system is not None
        shown = labelled(worker, lines, terminal=colours)
        if self._console.is_terminal:
            # The console moves the bar below this text.
            text = shown.decode("utf-8", "backslashreplace")
            self._console.print(_AsItIs(text), soft_wrap=True)
        else:
            write_utf8(shown)


class _AsItIs:
    """A text that rich prints unchanged."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        yield Segment(self._text)
