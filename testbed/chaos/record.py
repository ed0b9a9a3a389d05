"""The record of `testbed chaos`: the faults and their outcomes.

`testbed/report/records/chaos.schema.json` says what each field means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from testbed.catalogue.fault import Fault
from testbed.decoding import AtLeast, Count, Moment, OneOf, Range, Seconds, WorkerIndex
from testbed.report.records.header import Record

REACTIONS = ("raised", "ended", "hung", "finished")
RESULTS = ("recovered", "wrong", "lost", "missed")


@dataclass(frozen=True)
class Reaction:
    """The reaction of one worker in the attempt with the fault."""

    worker: WorkerIndex
    """The worker."""
    kind: Annotated[str, OneOf(REACTIONS)]
    """`raised`: an exception ended it; `ended`: the process ended without a report; `hung`: a
    deadline passed; `finished`: it came to its end."""
    phase: str
    """The last phase that the worker reported."""
    after: Moment | None = None
    """Seconds from the fault until the worker raised or ended; None where it did neither, or where
    no fault was injected."""
    told: str = ""
    """The exception that it raised, or how it ended; empty where it did neither."""
    where: str = ""
    """The innermost line of the scenario script at which it raised; empty where there is none."""
    delay: Moment | None = None
    """For a worker that finished: how many seconds later than undisturbed; else None."""


@dataclass(frozen=True)
class Resumed:
    """The place where restarted workers went on: at `step` 4 of 10."""

    word: str
    """What is numbered, like `step` or `epoch`."""
    at: Count
    """The first one that was taken after the last restart; one more than all where none was
    left."""
    of: Count
    """How many there are undisturbed."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one fault, or of one undisturbed repetition."""

    number: Annotated[int, Range(1, 10**9)]
    """The number of the repetition of the case, from 1."""
    fault: Fault | None
    """The fault; None for an undisturbed repetition."""
    struck: Moment | None
    """Seconds from the start of the cluster to the injection; None where it was not injected."""
    reactions: tuple[Reaction, ...]
    """What each worker did, in the attempt with the fault."""
    noticed: Moment | None
    """Seconds from the fault until the first worker raised or ended because of it; None where none
    did. The end of a killed worker is the fault itself."""
    hang: str
    """A sentence that names the workers that waited and for whom, where a deadline passed in the
    attempt with the fault; else empty."""
    restarts: Count
    """How often all workers were restarted."""
    steps: Count
    """The number of steps that were begun in the last attempt."""
    resumed: Resumed | None
    """Where the workers went on after the last restart; None where there was none, where the case
    did not recover, or where it is unknown."""
    result: Annotated[str, OneOf(RESULTS)]
    """`recovered`: the case finished, as it does undisturbed; `wrong`: the case finished, but its
    claims do not hold; `lost`: the case did not finish; `missed`: the worker never reached the
    fault's phase, so no fault was injected."""
    symptom: str
    """How its claims fail, or that TensorFlow raised: a symptom of a run's record; else empty."""
    evidence: str
    """How the claims fail, or why the case did not finish; empty where it recovered."""
    seconds: Seconds
    """The seconds that all its attempts took."""
    replay: str
    """The command that repeats this fault."""
    logs: str
    """The folder of its logs, relative to the folder of the run."""


@dataclass(frozen=True)
class Undisturbed:
    """A run of a case without a fault, with which the outcomes are compared."""

    finished: bool
    """Whether the case finished; where it did not, no fault was injected."""
    evidence: str
    """Why the case did not finish, or how its claims fail; else empty."""
    symptom: str
    """How its claims fail, or that TensorFlow raised: a symptom of a run's record; else empty."""
    phases: Annotated[tuple[tuple[str, ...], ...], AtLeast(1)]
    """For each worker, the phases that it reported and at which a fault can be injected, each
    once."""
    reported: Annotated[tuple[Moment, ...], AtLeast(1)]
    """For each worker, the seconds from the start of the cluster to its report."""
    steps: Count
    """The number of steps that were begun."""
    seconds: Seconds
    """The seconds that it took."""


@dataclass(frozen=True)
class CaseRecord:
    """One case: its undisturbed run, and the outcome of every fault."""

    id: str
    """The id of the case."""
    undisturbed: Undisturbed
    """The case without a fault."""
    outcomes: tuple[Outcome, ...] = ()
    """The outcomes of its repetitions, in their order."""


@dataclass(frozen=True, kw_only=True)
class ChaosRecord(Record):
    """The complete record of one command."""

    kind: Literal["chaos"] = "chaos"
    # Increased when a field changes its meaning or is removed.
    version: Literal[1] = 1
    seed: Annotated[int, Range(-(2**63), 2**63)]
    """The seed from which the faults were drawn."""
    restarts: Count
    """How often all workers of a case may be restarted."""
    isolated: bool
    """Whether the workers had a separate network, without which none can be cut off."""
    cases: tuple[CaseRecord, ...]
    """The cases, in order."""

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
