"""Runs `testbed chaos`: the undisturbed cases, then their faults, then the record."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.chaos.cases import ChaosCases, ChaosObserver, ChaosRequest
from testbed.chaos.draw import Wanted, require_phase
from testbed.chaos.record import ChaosRecord
from testbed.errors import UsageError
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.machine.environment import without_secrets
from testbed.launcher.machine.machine import describe_machine
from testbed.launcher.run_folder import RunFolder, utc_now, write_json
from testbed.report.records.header import versions_of
from testbed.run.scenario import keep_scripts, lacking_for
from testbed.run.servers import open_server


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
    how = request.options
    async with open_server(
        folder, fresh=fresh, python=how.python, isolation=how.isolation
    ) as server:
        observer.opened(server.isolation)
        _require_possible(request.wanted, server.isolation)
        chaotic = ChaosCases(selection, request, folder, observer, server, replay, {})
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
        versions=versions_of(chaotic.facts),
        machine=describe_machine(),
        cases=tuple(cases),
    )


def _require_possible(wanted: Wanted, isolation: Isolation) -> None:
    """Reject a fault that cannot be injected on this machine.

    Raises:
        UsageError: names the reason.
    """
    if wanted.kind is None or wanted.nothing:
        return
    if lacking := lacking_for(Fault(wanted.kind, 0), isolation):
        raise UsageError(f"--fault {wanted.kind}: {lacking}")
