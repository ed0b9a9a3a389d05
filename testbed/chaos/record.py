"""The record of `testbed chaos`: what was done to cases, and what came of it.

`testbed/report/records/chaos.schema.json` says what each field means.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.catalogue.fault import Fault

# Raised whenever a field changes its meaning or goes; a new field alone does not raise it.
CHAOS_VERSION = 1

REACTIONS = ("raised", "ended", "hung", "finished")
"""What a worker did after a fault, in the attempt that the fault was done to."""

RESULTS = {
    "recovered": "it came to its end, as it does undisturbed",
    "wrong": "it came to its end, and what it claims does not hold",
    "lost": "it did not come to its end",
    "missed": "the fault's phase never came, so that nothing was done",
}
"""What became of a case."""


@dataclass(frozen=True)
class Reaction:
    """What one worker did in the attempt that the fault was done to."""

    worker: int
    kind: str
    """One of REACTIONS."""
    phase: str
    """The last phase that it told."""
    after: float | None = None
    """Seconds from the fault until it raised or ended."""
    told: str = ""
    """What it raised, or how it ended."""
    where: str = ""
    """Where in the script it raised."""
    delay: float | None = None
    """Of who finished: how many seconds later than undisturbed."""


@dataclass(frozen=True)
class Resumed:
    """Where restarted workers went on: at `step` 4 of 10."""

    word: str
    at: int
    of: int


@dataclass(frozen=True)
class Outcome:
    """One fault, or one undisturbed repetition, and what came of it."""

    number: int
    fault: Fault | None
    struck: float | None
    """Seconds after the start of the cluster; None where it did not strike."""
    reactions: tuple[Reaction, ...]
    noticed: float | None
    """Seconds from the fault until the first worker raised or ended because of it."""
    hang: str
    """Who kept whom waiting, where a deadline passed after the fault."""
    restarts: int
    steps: int
    """Steps taken in the last attempt."""
    resumed: Resumed | None
    result: str
    """One of RESULTS."""
    symptom: str
    evidence: str
    """How the claims fail, or why it did not come to its end."""
    seconds: float
    replay: str
    """The command that does this again."""
    logs: str
    """Where its logs are, in the folder of the run."""


@dataclass(frozen=True)
class Undisturbed:
    """A case to which nothing was done: what the others are held against."""

    finished: bool
    evidence: str
    """Why it did not come to its end, or how its claims fail."""
    symptom: str
    phases: tuple[tuple[str, ...], ...]
    """The phases of each worker, each named once."""
    reported: tuple[float, ...]
    """Seconds after the start of the cluster when each worker had reported."""
    steps: int
    seconds: float


@dataclass(frozen=True)
class CaseRecord:
    """One case: undisturbed, and with every fault that was done to it."""

    id: str
    undisturbed: Undisturbed
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class ChaosRecord:
    """Everything that one command has done, and what came of it."""

    run: str
    began: str
    """ISO 8601, UTC."""
    seconds: float
    command: tuple[str, ...]
    seed: int
    restarts: int
    """How often all workers may be started again."""
    isolated: bool
    """Whether the workers had a network of the run's own."""
    versions: dict[str, str | None]
    machine: dict[str, Any]
    """See `testbed.launcher.machine.machine.describe_machine`."""
    cases: tuple[CaseRecord, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all cases."""
        return [outcome for case in self.cases for outcome in case.outcomes]

    @property
    def recovered(self) -> bool:
        """Whether every case came to its end undisturbed, and whatever was done to it."""
        return all(case.undisturbed.finished for case in self.cases) and all(
            outcome.result == "recovered" for outcome in self.outcomes
        )

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {"kind": "chaos", "version": CHAOS_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ChaosRecord:
        """Read back what `to_json` wrote; `data` has been held against the schema."""
        fields = {name: value for name, value in data.items() if name not in ("kind", "version")}
        cases = tuple(_case(case) for case in data["cases"])
        return cls(**{**fields, "command": tuple(data["command"]), "cases": cases})


def _case(data: dict[str, Any]) -> CaseRecord:
    told = data["undisturbed"]
    undisturbed = replace(
        Undisturbed(**told),
        phases=tuple(tuple(phases) for phases in told["phases"]),
        reported=tuple(told["reported"]),
    )
    return CaseRecord(data["id"], undisturbed, tuple(_outcome(each) for each in data["outcomes"]))


def _outcome(data: dict[str, Any]) -> Outcome:
    fault, resumed = data["fault"], data["resumed"]
    return replace(
        Outcome(**data),
        fault=Fault(**fault) if fault else None,
        reactions=tuple(Reaction(**each) for each in data["reactions"]),
        resumed=Resumed(**resumed) if resumed else None,
    )
