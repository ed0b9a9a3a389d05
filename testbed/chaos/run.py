"""Runs `testbed chaos` on one screen: undisturbed runs, faults, outcomes."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from testbed import __version__
from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.chaos.draw import NONE, Wanted, draw, require_phase
from testbed.chaos.outcome import outcome_of, undisturbed_of
from testbed.chaos.record import CaseRecord, ChaosRecord, Outcome, Undisturbed
from testbed.cluster.devices import Devices
from testbed.errors import UsageError
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.machine.environment import without_secrets
from testbed.launcher.machine.machine import describe_machine
from testbed.launcher.run_folder import RunFolder, write_json
from testbed.launcher.server.source import WorkerServer
from testbed.run.case import Attempt, CaseRun, Observer, Options, keep_scripts, lacking_for
from testbed.run.runner import open_server, utc_now

FACTS = ("tensorflow", "keras")


@dataclass(frozen=True)
class ChaosRequest:
    """The decisions of the command line: faults, repetitions and options."""

    wanted: Wanted
    seed: int
    repeat: int = 1
    restarts: int = 1
    options: Options = field(default_factory=Options)


class ChaosObserver(Observer, Protocol):
    """An observer that also follows the faults of a run."""

    def begins(self, case: Case, what: str) -> None:
        """The clusters of a case start; `what` names the fault."""

    def baseline(self) -> None:
        """An undisturbed run of a case has ended."""

    def disturbed(self, case: CaseRecord) -> None:
        """The faults of this case begin, unless it fails undisturbed."""

    def ends(self, outcome: Outcome) -> None:
        """The outcome of a fault is known."""


async def chaos(
    selection: Selection,
    request: ChaosRequest,
    folder: RunFolder,
    observer: ChaosObserver,
    *,
    command: Sequence[str],
    replay: Callable[[Case, Fault | None], str],
) -> ChaosRecord:
    """Run every case undisturbed, and then inject the faults into each, one after the other.

    All cases run undisturbed first, so that a missing phase in one case is reported before any
    fault is injected. Cases never run at the same time, because the times are measured.

    Raises:
        LaunchError: no worker can be started on this machine.
        UsageError: no worker reaches the phase, or this machine cannot inject the fault.
    """
    began, started = utc_now(), time.monotonic()
    write_json(folder.environment, without_secrets(os.environ))
    keep_scripts(selection, folder)
    fresh = all(selection.scenario(case).fresh for case in selection.cases)
    isolation = request.options.isolation
    async with open_server(folder, fresh=fresh, isolation=isolation) as server:
        observer.opened(server.isolation)
        _require_possible(request.wanted, server.isolation)
        chaotic = _Chaos(selection, request, folder, observer, server, replay, {})
        undisturbed = {case: await chaotic.undisturbed(case) for case in selection.cases}
        for case, baseline in undisturbed.items():
            if baseline.finished:
                require_phase(request.wanted, baseline.phases, case.id)
        cases = [await chaotic.disturb(case, each) for case, each in undisturbed.items()]
    return ChaosRecord(
        run=folder.id,
        began=began,
        seconds=round(time.monotonic() - started, 3),
        command=tuple(command),
        seed=request.seed,
        restarts=request.restarts,
        isolated=server.isolation.network,
        versions={
            "testbed": __version__,
            "python": platform.python_version(),
            **{name: chaotic.facts.get(name) for name in FACTS},
        },
        machine=describe_machine(),
        cases=tuple(cases),
    )


@dataclass(frozen=True)
class _Chaos:
    """The state that the faults of one command share."""

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


def _require_possible(wanted: Wanted, isolation: Isolation) -> None:
    """Reject a fault that cannot be injected on this machine.

    Raises:
        UsageError: names the reason.
    """
    lacking = lacking_for(Fault(wanted.kind, 0), isolation) if wanted.kind else ""
    if lacking:
        raise UsageError(f"--fault {wanted.kind}: {lacking}")
