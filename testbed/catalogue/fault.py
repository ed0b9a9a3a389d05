"""Faults that can be injected into a worker of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from testbed.decoding import OneOf, Seconds, WorkerIndex


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault; `testbed.launcher.cluster.faults` has the function that injects it."""

    name: str
    effect: str
    """The effect on the worker, in words: `is killed`."""
    summary: str
    """One line for the help."""
    lasts: bool = False
    """Whether it lasts for some seconds."""
    needs_own_network: bool = False
    """Whether each worker needs a separate network."""
    from_the_start: bool = False
    """Whether the worker never starts, so that no phase can be chosen."""
    ends_worker: bool = False
    """Whether its worker always ends."""


FAULTS = {
    kind.name: kind
    for kind in (
        FaultKind("kill", "is killed", "SIGKILL, as by the out-of-memory killer", ends_worker=True),
        FaultKind("terminate", "gets SIGTERM", "SIGTERM, as before its machine is taken away"),
        FaultKind("stop", "is stopped", "SIGSTOP until the seconds are over", lasts=True),
        FaultKind("slow", "is slowed down", "stopped nine tenths of the time", lasts=True),
        FaultKind(
            "cut",
            "is cut off",
            "its network cable is pulled until the seconds are over",
            lasts=True,
            needs_own_network=True,
        ),
        FaultKind(
            "absent", "never starts", "it never starts", from_the_start=True, ends_worker=True
        ),
    )
}
"""The closed list of kinds."""

FIRST_PHASE = "forked"
"""The first phase, in which a worker has done nothing yet."""


@dataclass(frozen=True)
class Fault:
    """A fault that is injected into one worker when the worker reports a phase.

    The worker waits in that phase until the fault is injected, so that every repetition is equal.
    """

    kind: Annotated[str, OneOf(tuple(FAULTS))]
    """What is done."""
    worker: WorkerIndex
    """The worker that gets the fault."""
    phase: str = FIRST_PHASE
    """The phase at whose report the fault is injected."""
    seconds: Seconds = 20.0
    """The duration of a fault that lasts."""

    @property
    def about(self) -> FaultKind:
        """The entry of its kind in the list."""
        return FAULTS[self.kind]

    def __str__(self) -> str:
        """The fault in words: `worker 1 is stopped at step 3 for 20 s`."""
        at = "" if self.about.from_the_start else f" at {self.phase}"
        lasting = f" for {self.seconds:g} s" if self.about.lasts else ""
        return f"worker {self.worker} {self.about.effect}{at}{lasting}"
