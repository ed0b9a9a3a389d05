"""Shows the progress of a chaos run, and each outcome as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterable

from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.chaos.cases import ChaosObserver
from testbed.chaos.record import CaseRecord, Outcome
from testbed.chaos.text import case_lines, outcome_lines
from testbed.report.formats.text import escape
from testbed.report.output.console import ConsoleObserver


class ChaosProgress(ConsoleObserver, ChaosObserver):
    """A progress bar; with `verbose`, also the phases and the output of workers."""

    def __init__(self, selection: Selection, repeat: int, *, verbose: bool) -> None:
        super().__init__(selection, verbose=verbose)
        self._selection = selection
        self._what = ""
        self._announced: set[str] = set()
        self._progress.update(self._task, total=len(selection.cases) * (repeat + 1))

    def __enter__(self) -> ChaosProgress:
        super().__enter__()
        return self

    def begins(self, case: Case, what: str) -> None:
        """Show the running case; with `verbose` also print it."""
        self._what = what
        self._running = [case]
        if self._verbose:
            self._print(f"[bold]{escape(case.id)}[/bold] {escape(what)}")
            self._announce_own_fault(case)
        self._update()

    def baseline(self) -> None:
        """Advance the bar."""
        self._advance()

    def disturbed(self, case: CaseRecord) -> None:
        """Print the undisturbed run of the case."""
        self.show(case_lines(case))

    def ends(self, outcome: Outcome) -> None:
        """Print the outcome and advance the bar."""
        self.show(outcome_lines(outcome))
        self._advance()

    def show(self, lines: Iterable[str]) -> None:
        """Print lines above the bar."""
        for line in lines:
            self._print(line)

    def _advance(self) -> None:
        self._running = []
        self._progress.advance(self._task)
        self._update()

    def _announce_own_fault(self, case: Case) -> None:
        own = self._selection.scenario(case).fault
        if own and case.id not in self._announced:
            self._announced.add(case.id)
            self._print(f"not injected, although the scenario declares it: {escape(str(own))}")

    def _describe(self, case: Case) -> str:
        return f"{super()._describe(case)}: {self._what}"
