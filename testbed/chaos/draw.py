"""Which fault is done: what is fixed stays, and the rest is drawn from a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.catalogue.fault import FAULTS, NEED_OWN_NETWORK, Fault
from testbed.errors import UsageError

NONE = "none"
"""Instead of a fault: the case is only repeated."""

CHOICES = (*FAULTS, NONE)

# At these a worker has nothing more to do that a fault could disturb.
_OVER = ("reported", "waiting")

_WITHOUT_PHASE = "absent"

_NUMBERED = re.compile(r"(.*\D)(\d+)")


@dataclass(frozen=True)
class Wanted:
    """What the command has fixed of its faults; None is drawn."""

    kind: str | None = None
    worker: int | None = None
    phase: str | None = None
    seconds: float = 20.0

    @property
    def nothing(self) -> bool:
        """Whether nothing at all is to be done."""
        return self.kind == NONE


def require_sensible(wanted: Wanted) -> None:
    """Refuse parts that contradict each other.

    Raises:
        UsageError: what is fixed is no fault.
    """
    if wanted.nothing and (wanted.worker is not None or wanted.phase is not None):
        raise UsageError("--fault none does nothing to any worker: leave out --worker and --at")
    if wanted.kind == _WITHOUT_PHASE and wanted.phase is not None:
        raise UsageError("--fault absent: who never starts has no phase; leave out --at")


def require_worker(wanted: Wanted, count: int, case: str) -> None:
    """Refuse a worker that the case does not have.

    Raises:
        UsageError: names those that it has.
    """
    if wanted.worker is not None and not 0 <= wanted.worker < count:
        raise UsageError(f"--worker {wanted.worker}: {case} has the workers 0 to {count - 1}")


def require_phase(wanted: Wanted, phases: Sequence[Sequence[str]], case: str) -> None:
    """Refuse a phase that nobody to whom the fault may be done goes through.

    Raises:
        UsageError: names those that there are.
    """
    if wanted.phase is None or _workers_for(wanted, phases):
        return
    told = [phases[wanted.worker]] if wanted.worker is not None else phases
    valid = dict.fromkeys(phase for each in told for phase in each)
    who = "no worker" if wanted.worker is None else f"worker {wanted.worker} never"
    raise UsageError(
        f"--at '{wanted.phase}': {who} tells that phase in {case};"
        f" choose from {', '.join(_shortened(list(valid)))}"
    )


def phases_of(told: Sequence[str]) -> tuple[str, ...]:
    """Those of the phases that a worker told at which something can be done to it, each once."""
    return tuple(dict.fromkeys(phase for phase in told if phase not in _OVER))


def draw(wanted: Wanted, phases: Sequence[Sequence[str]], seed: int, *, network: bool) -> Fault:
    """A fault for a case: the same seed gives the same one.

    Args:
        wanted: what is fixed of it, which fits the case.
        phases: of each worker, those at which something can be done to it.
        seed: for all that is not fixed.
        network: whether a worker can be cut off.
    """
    chance = random.Random(seed)
    kind = wanted.kind or chance.choice(_kinds(wanted, network=network))
    if kind == _WITHOUT_PHASE:
        worker = chance.randrange(len(phases)) if wanted.worker is None else wanted.worker
        return Fault(kind, worker)
    worker = chance.choice(_workers_for(wanted, phases))
    phase = wanted.phase or chance.choice(phases[worker])
    return Fault(kind, worker, phase, wanted.seconds)


def _kinds(wanted: Wanted, *, network: bool) -> list[str]:
    return [
        kind
        for kind in FAULTS
        if (network or kind not in NEED_OWN_NETWORK)
        and not (kind == _WITHOUT_PHASE and wanted.phase is not None)
    ]


def _workers_for(wanted: Wanted, phases: Sequence[Sequence[str]]) -> list[int]:
    """The workers to whom the fault may be done."""
    return [
        worker
        for worker, told in enumerate(phases)
        if wanted.worker in (None, worker) and (wanted.phase is None or wanted.phase in told)
    ]


def _shortened(phases: list[str]) -> list[str]:
    """Of phases that are numbered in a row only the first and the last: `step 1 ... step 6`."""
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
