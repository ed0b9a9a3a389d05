"""What can be done to a worker of a cluster on purpose."""

from __future__ import annotations

from dataclasses import dataclass

FAULTS = {
    "kill": "is killed by SIGKILL, as by the out-of-memory killer",
    "terminate": "gets SIGTERM, as before its machine is taken away",
    "stop": "is stopped (SIGSTOP), and goes on when the seconds are over",
    "slow": "is slowed down, stopped nine tenths of the time, until the seconds are over",
    "cut": "is cut off: its network cable is pulled until the seconds are over",
    "absent": "never starts",
}
"""The closed list, and what each does to its worker."""

LASTING = ("stop", "slow", "cut")
"""Those that last for some seconds."""

NEED_OWN_NETWORK = ("cut",)
"""Those for which each worker needs a network of its own."""

FIRST_PHASE = "forked"
"""The phase at which a worker has done nothing yet."""

_DONE = {
    "kill": "is killed",
    "terminate": "gets SIGTERM",
    "stop": "is stopped",
    "slow": "is slowed down",
    "cut": "is cut off",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is done to one worker at the moment when it tells a phase.

    The worker waits there until it is done, so that the same fault is the same every time.
    """

    kind: str
    worker: int
    phase: str = FIRST_PHASE
    seconds: float = 20.0
    """How long it lasts, of those that last."""

    def __str__(self) -> str:
        """In words: `worker 1 is stopped at step 3 for 20 s`."""
        if self.kind == "absent":
            return f"worker {self.worker} never starts"
        lasting = f" for {self.seconds:g} s" if self.kind in LASTING else ""
        return f"worker {self.worker} {_DONE[self.kind]} at {self.phase}{lasting}"
