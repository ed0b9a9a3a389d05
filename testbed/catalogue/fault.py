"""Faults that can be injected into a worker of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from testbed.decoding import OneOf, Seconds, WorkerIndex

FAULTS = {
    "kill": "is killed by SIGKILL, as by the out-of-memory killer",
    "terminate": "gets SIGTERM, as before its machine is taken away",
    "stop": "is stopped (SIGSTOP), and goes on when the seconds are over",
    "slow": "is slowed down, stopped nine tenths of the time, until the seconds are over",
    "cut": "is cut off: its network cable is pulled until the seconds are over",
    "absent": "never starts",
}
"""The closed list of kinds, and the effect of each on its worker."""

LASTING = ("stop", "slow", "cut")
"""The kinds that last for some seconds."""

NEED_OWN_NETWORK = ("cut",)
"""The kinds for which each worker needs a separate network."""

FIRST_PHASE = "forked"
"""The first phase, in which a worker has done nothing yet."""

_DONE = {
    "kill": "is killed",
    "terminate": "gets SIGTERM",
    "stop": "is stopped",
    "slow": "is slowed down",
    "cut": "is cut off",
}


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
    """The duration of a fault that lasts: stop, slow and cut."""

    def __str__(self) -> str:
        """The fault in words: `worker 1 is stopped at step 3 for 20 s`."""
        if self.kind == "absent":
            return f"worker {self.worker} never starts"
        lasting = f" for {self.seconds:g} s" if self.kind in LASTING else ""
        return f"worker {self.worker} {_DONE[self.kind]} at {self.phase}{lasting}"
