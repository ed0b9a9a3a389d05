"""All of `testbed chaos` on one screen: undisturbed runs, faults, outcomes."""

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
    """What is to be done: what the command line decides."""

    wanted: Wanted
    seed: int
    repeat: int = 1
    restarts: int = 1
    options: Options = field(default_factory=Options)


class Audience(Observer, Protocol):
    """Is told how far it is."""

    def begins(self, case: Case, what: str) -> None:
        """The clusters of a case are started, to which this is done."""

    def baseline(self) -> None:
        """It is known what a case does undisturbed."""

    def disturbed(self, case: CaseRecord) -> None:
        """From now on things are done to this case, unless it fails undisturbed."""

    def ends(self, outcome: Outcome) -> None:
        """It is known what came of a fault."""


async def chaos(
    selection: Selection,
    request: ChaosRequest,
    folder: RunFolder,
    audience: Audience,
    *,
    command: Sequence[str],
    replay: Callable[[Case, Fault | None], str],
) -> ChaosRecord:
    """Run every case undisturbed, and then do to each what is wanted, one after the other.

    All of them are run undisturbed first, so that a phase that one of them does not have is told
    before anything is done to any. Never two at once: what counts is how long things take.

    Raises:
        LaunchError: no worker can be started on this machine.
        UsageError: a phase that no worker goes through, or a fault that cannot be done here.
    """
    began, started = utc_now(), time.monotonic()
    write_json(folder.environment, without_secrets(os.environ))
    keep_scripts(selection, folder)
    fresh = all(selection.scenario(case).fresh for case in selection.cases)
    isolation = request.options.isolation
    async with open_server(folder, fresh=fresh, isolation=isolation) as server:
        audience.opened(server.isolation)
        _require_possible(request.wanted, server.isolation)
        chaotic = _Chaos(selection, request, folder, audience, server, replay, {})
        undisturbed = {case: await chaotic.undisturbed(case) for case in selection.cases}
        for case, told in undisturbed.items():
            if told.finished:
                require_phase(request.wanted, told.phases, case.id)
        cases = [await chaotic.disturb(case, told) for case, told in undisturbed.items()]
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
    """What the faults of a command are done with."""

    selection: Selection
    request: ChaosRequest
    folder: RunFolder
    audience: Audience
    server: WorkerServer
    replay: Callable[[Case, Fault | None], str]
    facts: dict[str, str]
    """What the first report says of versions."""

    async def undisturbed(self, case: Case) -> Undisturbed:
        """Run a case without its own fault and without any other."""
        self.audience.begins(case, "undisturbed")
        (attempt,) = await self._attempts(case, f"{case.id}-undisturbed", None, 0)
        told = undisturbed_of(attempt, case.deployment.in_sync)
        self.audience.baseline()
        return told

    async def disturb(self, case: Case, undisturbed: Undisturbed) -> CaseRecord:
        """Do to a case what is wanted, as often as is wanted; nothing where it fails without."""
        record = CaseRecord(case.id, undisturbed)
        self.audience.disturbed(record)
        if undisturbed.finished:
            outcomes = [
                await self._outcome(case, undisturbed, number)
                for number in range(1, self.request.repeat + 1)
            ]
            record = replace(record, outcomes=tuple(outcomes))
        return record

    async def _outcome(self, case: Case, undisturbed: Undisturbed, number: int) -> Outcome:
        fault = self._fault(undisturbed, number)
        self.audience.begins(case, str(fault or "undisturbed again"))
        name = f"{case.id}-fault-{number}"
        # Who fails though nothing was done to it is what a repetition is to find.
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
        self.audience.ends(outcome)
        return outcome

    def _fault(self, undisturbed: Undisturbed, number: int) -> Fault | None:
        if self.request.wanted.kind == NONE:
            return None
        network, seed = self.server.isolation.network, self.request.seed + number - 1
        return draw(self.request.wanted, undisturbed.phases, seed, network=network)

    async def _attempts(
        self, case: Case, name: str, fault: Fault | None, restarts: int
    ) -> list[Attempt]:
        options, audience = self.request.options, self.audience
        own = self.folder.case(name)
        case_run = CaseRun(self.server, Devices(), options, own, audience, self.folder)
        attempts = await case_run.attempts(case, self.selection, fault, restarts)
        for report in attempts[0].reports:
            self.facts.update(report.facts)
        return attempts


def _require_possible(wanted: Wanted, isolation: Isolation) -> None:
    """Refuse a fault that cannot be done on this machine.

    Raises:
        UsageError: says why.
    """
    lacking = lacking_for(Fault(wanted.kind, 0), isolation) if wanted.kind else ""
    if lacking:
        raise UsageError(f"--fault {wanted.kind}: {lacking}")
