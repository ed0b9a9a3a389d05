"""A run in a terminal: progress while it goes on, then the table and what was unexpected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from testbed.catalogue import WAYS
from testbed.launch.worker_process import WorkerProcess
from testbed.reading import Finding, WorkerReport
from testbed.report.record import RunRecord
from testbed.report.summary import counts, way_against_place
from testbed.report.table import STYLES, tables_of
from testbed.scenario import Case
from testbed.selection import Selection
from testbed.verdict import Verdict

# Where there is no terminal to ask: wide enough for the table's columns.
PIPE_WIDTH = 160

# One mistake can make a hundred cases unexpected, and the first ones tell it.
FULLY_DESCRIBED = 5

# A log has no event for a new line, so it is looked at this often, in seconds.
FOLLOW_INTERVAL_S = 0.05


def console() -> Console:
    """The console that everything is shown on."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


class ConsoleObserver:
    """Shows which cases run; with `verbose`, also what their workers print and what they saw."""

    def __init__(self, selection: Selection, *, verbose: bool) -> None:
        self._console = console()
        self._verbose = verbose
        self._running: list[Case] = []
        self._progress = Progress(
            TextColumn("{task.percentage:>3.0f}%"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            # The only column that gives way where the terminal is narrow.
            TextColumn(
                "{task.description}",
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=self._console,
            expand=True,
            transient=True,
            disable=not self._console.is_terminal,
        )
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


def show_record(record: RunRecord) -> None:
    """Print the table, what was unexpected, and what the run says."""
    shown = console()
    groups = record.groups
    for group, verdicts in groupby(record.verdicts, key=lambda each: groups[each.case.script]):
        if len(set(groups.values())) > 1:
            shown.print(f"\n[bold reverse] {escape(group)} [/bold reverse]")
        for table in tables_of(list(verdicts), shown):
            shown.print(table)
    unexpected = [verdict for verdict in record.verdicts if not verdict.as_expected]
    for number, verdict in enumerate(unexpected):
        if number < FULLY_DESCRIBED:
            shown.print()
        for line in describe(verdict)[: None if number < FULLY_DESCRIBED else 1]:
            shown.print(line, soft_wrap=True)
    shown.print()
    took = f" in {record.seconds:.0f} s"
    shown.print(f"[bold]{counts(record.verdicts)}[/bold]{took}", soft_wrap=True)
    ways = [script for script in record.scripts if script.group == WAYS]
    claims = {made.id: made.claim for script in ways for made in script.scenarios}
    for line in way_against_place(record.verdicts, claims):
        shown.print(escape(line), soft_wrap=True)


def show_files(files: Mapping[str, Path]) -> None:
    """Print where things were written, by what they are."""
    shown = console()
    for what, path in files.items():
        shown.print(f"{what}: {_near(path)}", soft_wrap=True)


def describe(verdict: Verdict) -> list[str]:
    """A verdict with everything behind it, as lines of console markup."""
    style = STYLES[verdict.kind] if verdict.as_expected else "bold red"
    lines = [f"[{style}]{escape(_one_line(verdict))}[/{style}]"]
    if verdict.cure:
        lines.append(f"  cure: {escape(verdict.cure)}")
    for report in verdict.reports:
        lines += [f"  worker {report.worker}: {escape(line)}" for line in _readings(report)]
    if not verdict.as_expected:
        lines += [f"  log: {_near(Path(log))}" for log in verdict.logs]
    return lines


def _one_line(verdict: Verdict) -> str:
    if verdict.as_expected:
        return f"{verdict.case.id}  {verdict.seen}"
    return f"{verdict.case.id}  expected {verdict.expected}, saw {verdict.seen}"


def _readings(report: WorkerReport) -> list[str]:
    lines = [_reading(finding) for finding in report.findings]
    if report.raised:
        lines.append(f"raised {report.raised.type} at {report.raised.where or 'its start'}")
    return lines


def _reading(finding: Finding) -> str:
    reading = finding.reading
    copies = ", ".join(f"{copy.device or 'no device'} = {copy.value}" for copy in reading.copies)
    details = f" {reading.synchronization} {reading.aggregation}" * bool(reading.aggregation)
    shared = {True: " (the same object)", False: " (another object)", None: ""}[finding.identical]
    return f"{reading.type} {reading.name}{details}{shared}: {copies or 'no copies'}"


def _near(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return escape(str(path.resolve().relative_to(Path.cwd())))
    except ValueError:
        return escape(str(path))
