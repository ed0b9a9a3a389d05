"""Draws faults from a seed, within the limits that the command line sets."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.catalogue.fault import FAULTS, Fault
from testbed.errors import UsageError

NONE = "none"
"""The choice that injects no fault and only repeats the case."""

CHOICES = (*FAULTS, NONE)

# In these phases a worker does nothing more that a fault could disturb.
_OVER = ("reported", "waiting")

_NUMBERED = re.compile(r"(.*\D)(\d+)")


@dataclass(frozen=True)
class Wanted:
    """The parts of a fault that the command sets; a part that is None is drawn."""

    kind: str | None = None
    worker: int | None = None
    phase: str | None = None
    seconds: float = 20.0

    @property
    def nothing(self) -> bool:
        """Whether no fault is injected."""
        return self.kind == NONE

    @property
    def from_the_start(self) -> bool:
        """Whether the worker never starts, so that no phase can be chosen."""
        return self.kind in FAULTS and FAULTS[self.kind].from_the_start


def require_sensible(wanted: Wanted) -> None:
    """Reject parts that contradict each other.

    Raises:
        UsageError: no fault has these parts.
    """
    if wanted.nothing and (wanted.worker is not None or wanted.phase is not None):
        raise UsageError("--fault none does nothing to any worker: leave out --worker and --at")
    if wanted.from_the_start and wanted.phase is not None:
        raise UsageError(
            f"--fault {wanted.kind}: a worker that never starts has no phase; leave out --at"
        )


def require_worker(wanted: Wanted, count: int, case: str) -> None:
    """Reject a worker that the case does not have.

    Raises:
        UsageError: names the workers of the case.
    """
    if wanted.worker is not None and not 0 <= wanted.worker < count:
        raise UsageError(f"--worker {wanted.worker}: {case} has the workers 0 to {count - 1}")


def require_phase(wanted: Wanted, phases: Sequence[Sequence[str]], case: str) -> None:
    """Reject a phase that no eligible worker reaches.

    Raises:
        UsageError: names the phases that can be chosen.
    """
    if wanted.phase is None or _workers_for(wanted, phases):
        return
    eligible = [phases[wanted.worker]] if wanted.worker is not None else phases
    valid = dict.fromkeys(phase for each in eligible for phase in each)
    who = "no worker" if wanted.worker is None else f"worker {wanted.worker} never"
    raise UsageError(
        f"--at '{wanted.phase}': {who} reaches that phase in {case};"
        f" choose from {', '.join(_shortened(list(valid)))}"
    )


def phases_of(reported: Sequence[str]) -> tuple[str, ...]:
    """The reported phases of a worker in which a fault can be injected, each once."""
    return tuple(dict.fromkeys(phase for phase in reported if phase not in _OVER))


def draw(wanted: Wanted, phases: Sequence[Sequence[str]], seed: int, *, network: bool) -> Fault:
    """Draw a fault for a case; equal arguments give an equal fault.

    Args:
        wanted: the parts that the command sets; they fit the case.
        phases: for each worker, the phases in which a fault can be injected.
        seed: draws the other parts.
        network: whether a worker can be cut off from the network.
    """
    chance = random.Random(seed)
    kind = wanted.kind or chance.choice(_kinds(wanted, network=network))
    if FAULTS[kind].from_the_start:
        worker = chance.randrange(len(phases)) if wanted.worker is None else wanted.worker
        return Fault(kind, worker)
    worker = chance.choice(_workers_for(wanted, phases))
    phase = wanted.phase or chance.choice(phases[worker])
    return Fault(kind, worker, phase, wanted.seconds)


def _kinds(wanted: Wanted, *, network: bool) -> list[str]:
    return [
        kind.name
        for kind in FAULTS.values()
        if (network or not kind.needs_own_network)
        and not (kind.from_the_start and wanted.phase is not None)
    ]


def _workers_for(wanted: Wanted, phases: Sequence[Sequence[str]]) -> list[int]:
    """The workers into which the fault can be injected."""
    return [
        worker
        for worker, own in enumerate(phases)
        if wanted.worker in (None, worker) and (wanted.phase is None or wanted.phase in own)
    ]


def _shortened(phases: list[str]) -> list[str]:
    """Shorten runs of numbered phases to the first and the last: `step 1 ... step 6`."""
    shown: list[str] = []
    for place, phase in enumerate(phases):
        before, here, after = (
            _word(phases[other]) if 0 <= other < len(phases) else ""
            for other in (place - 1, place, place + 1)
        )
        if not here or here != before:
            shown.append(phase)
        elif here != after:
            shown[-1] += f" ... {phase}"
    return shown


def _word(phase: str) -> str:
    found = _NUMBERED.fullmatch(phase)
    return found[1] if found else ""
