"""Runs the cases of chaos, first undisturbed and then with faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.chaos.draw import NONE, Wanted, draw
from testbed.chaos.outcome import outcome_of, undisturbed_of
from testbed.chaos.record import CaseRecord, Outcome, Undisturbed
from testbed.cluster.devices import Devices
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server.source import WorkerServer
from testbed.report.output.observer import Observer
from testbed.run.attempt import Attempt
from testbed.run.case import CaseRun
from testbed.run.options import Options


@dataclass(frozen=True)
class ChaosRequest:
    """The decisions of the command line: faults, repetitions and options."""

    wanted: Wanted
    seed: int
    repeat: int = 1
    restarts: int = 1
    options: Options = field(default_factory=Options)


class ChaosObserver(Observer):
    """An observer that also follows the faults of a run."""

    def begins(self, case: Case, what: str) -> None:
        """The clusters of a case start; `what` names the fault."""

    def baseline(self) -> None:
        """An undisturbed run of a case has ended."""

    def disturbed(self, case: CaseRecord) -> None:
        """The faults of this case begin, unless it fails undisturbed."""

    def ends(self, outcome: Outcome) -> None:
        """The outcome of a fault is known."""


@dataclass(frozen=True)
class ChaosCases:
    """Runs the cases of one command; holds what their faults share."""

    selection: Selection
    request: ChaosRequest
    folder: RunFolder
    observer: ChaosObserver
    server: WorkerServer
    replay: Callable[[Case, Fault | None], str]
    facts: dict[str, str]
    """The versions in the reports."""

    async def undisturbed(self, case: Case) -> Undisturbed:
        """Run a case without any fault; the scenario's own fault is left out, too."""
        self.observer.begins(case, "undisturbed")
        (attempt,) = await self._attempts(case, f"{case.id}-undisturbed", None, 0)
        undisturbed = undisturbed_of(attempt, case.deployment.in_sync)
        self.observer.baseline()
        return undisturbed

    async def disturb(self, case: Case, undisturbed: Undisturbed) -> CaseRecord:
        """Inject the requested faults into a case; none where it fails undisturbed."""
        record = CaseRecord(case.id, undisturbed)
        self.observer.disturbed(record)
        if undisturbed.finished:
            outcomes = [
                await self._outcome(case, undisturbed, number)
                for number in range(1, self.request.repeat + 1)
            ]
            record = replace(record, outcomes=tuple(outcomes))
        return record

    async def _outcome(self, case: Case, undisturbed: Undisturbed, number: int) -> Outcome:
        fault = self._fault(undisturbed, number)
        self.observer.begins(case, str(fault or "undisturbed again"))
        name = f"{case.id}-fault-{number}"
        # Repetitions look for failures without a fault, so they do not restart.
        restarts = self.request.restarts if fault else 0
        attempts = await self._attempts(case, name, fault, restarts)
        logs = self.folder.case(name).path.relative_to(self.folder.path)
        outcome = outcome_of(
            number,
            attempts,
            undisturbed,
            case.deployment.in_sync,
            replay=self.replay(case, fault),
            logs=str(logs),
        )
        self.observer.ends(outcome)
        return outcome

    def _fault(self, undisturbed: Undisturbed, number: int) -> Fault | None:
        if self.request.wanted.kind == NONE:
            return None
        network, seed = self.server.isolation.network, self.request.seed + number - 1
        return draw(self.request.wanted, undisturbed.phases, seed, network=network)

    async def _attempts(
        self, case: Case, name: str, fault: Fault | None, restarts: int
    ) -> list[Attempt]:
        options, observer = self.request.options, self.observer
        own = self.folder.case(name)
        case_run = CaseRun(self.server, Devices(), options, own, observer, self.folder)
        attempts = await case_run.attempts(case, self.selection, fault, restarts)
        for report in attempts[0].reports:
            self.facts.update(report.facts)
        return attempts
