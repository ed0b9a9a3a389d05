"""The record of `testbed chaos`: the faults and their outcomes.

`testbed/report/records/chaos.schema.json` says what each field means.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from testbed.catalogue.fault import Fault

# Increased whenever a field changes its meaning or is removed; a new field does not count.
CHAOS_VERSION = 1

REACTIONS = ("raised", "ended", "hung", "finished")
"""What a worker did after a fault, in the attempt with the fault."""

RESULTS = {
    "recovered": "the case finished, as it does undisturbed",
    "wrong": "the case finished, but its claims do not hold",
    "lost": "the case did not finish",
    "missed": "the worker never reached the fault's phase, so no fault was injected",
}
"""The results of a case, with their meanings."""


@dataclass(frozen=True)
class Reaction:
    """The reaction of one worker in the attempt with the fault."""

    worker: int
    kind: str
    """One of REACTIONS."""
    phase: str
    """The last phase that the worker reported."""
    after: float | None = None
    """Seconds from the fault until the worker raised or ended."""
    told: str = ""
    """The exception that it raised, or how it ended."""
    where: str = ""
    """The line of the script at which it raised."""
    delay: float | None = None
    """For a worker that finished: how many seconds later than undisturbed."""


@dataclass(frozen=True)
class Resumed:
    """The place where restarted workers went on: at `step` 4 of 10."""

    word: str
    at: int
    of: int


@dataclass(frozen=True)
class Outcome:
    """The outcome of one fault, or of one undisturbed repetition."""

    number: int
    fault: Fault | None
    struck: float | None
    """Seconds from the start of the cluster to the injection; None: it was not injected."""
    reactions: tuple[Reaction, ...]
    noticed: float | None
    """Seconds from the fault until the first worker raised or ended because of it."""
    hang: str
    """A sentence that names the workers that waited and for whom, where a deadline passed."""
    restarts: int
    steps: int
    """The number of steps in the last attempt."""
    resumed: Resumed | None
    result: str
    """One of RESULTS."""
    symptom: str
    evidence: str
    """How the claims fail, or why the case did not finish."""
    seconds: float
    replay: str
    """The command that repeats this fault."""
    logs: str
    """The folder of its logs, relative to the folder of the run."""


@dataclass(frozen=True)
class Undisturbed:
    """A run of a case without a fault, with which the outcomes are compared."""

    finished: bool
    evidence: str
    """Why the case did not finish, or how its claims fail."""
    symptom: str
    phases: tuple[tuple[str, ...], ...]
    """The phases of each worker, each phase once."""
    reported: tuple[float, ...]
    """For each worker, the seconds from the start of the cluster to its report."""
    steps: int
    seconds: float


@dataclass(frozen=True)
class CaseRecord:
    """One case: its undisturbed run, and the outcome of every fault."""

    id: str
    undisturbed: Undisturbed
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class ChaosRecord:
    """The complete record of one command."""

    run: str
    began: str
    """ISO 8601, UTC."""
    seconds: float
    command: tuple[str, ...]
    seed: int
    restarts: int
    """How often all workers may be restarted."""
    isolated: bool
    """Whether the workers had a separate network."""
    versions: dict[str, str | None]
    machine: dict[str, Any]
    """The machine, from `testbed.launcher.machine.machine.describe_machine`."""
    cases: tuple[CaseRecord, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of all cases."""
        return [outcome for case in self.cases for outcome in case.outcomes]

    @property
    def recovered(self) -> bool:
        """Whether every case finished undisturbed, and recovered from every fault."""
        return all(case.undisturbed.finished for case in self.cases) and all(
            outcome.result == "recovered" for outcome in self.outcomes
        )

    def to_json(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return {"kind": "chaos", "version": CHAOS_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ChaosRecord:
        """Read back what `to_json` wrote; `data` already passed the schema."""
        fields = {name: value for name, value in data.items() if name not in ("kind", "version")}
        cases = tuple(_case(case) for case in data["cases"])
        return cls(**{**fields, "command": tuple(data["command"]), "cases": cases})


def _case(data: dict[str, Any]) -> CaseRecord:
    fields = data["undisturbed"]
    undisturbed = replace(
        Undisturbed(**fields),
        phases=tuple(tuple(phases) for phases in fields["phases"]),
        reported=tuple(fields["reported"]),
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
