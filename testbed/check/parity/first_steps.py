"""The first steps of a program in one worker: what each changed, consumed and returned."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.seen import SourceLine, WorkerObservations

TRAINED, SLOT, RATE, METRIC, OTHER = "trained", "slot", "rate", "metric", "other"
"""Roles of variables: trainable; of an optimizer (slot); its learning rate; read on demand from all
replicas (metric); everything else."""

Sketch = tuple[float, ...]
"""Linear functions of the elements of a variable: the elements themselves if they are few."""


@dataclass(frozen=True)
class Update:
    """The change of one variable by one step."""

    variable: int
    """Its number: `VariableCreated.number`."""
    role: str
    before: Sketch
    delta: Sketch
    rounding: float
    """The length of the error that the number format alone may cause in `delta`."""
    length: float = 0.0
    """The Euclidean length of the change of all elements."""


@dataclass(frozen=True)
class FirstStep:
    """One of the first steps, up to the beginning of the next one."""

    place: SourceLine | None
    """The line that called the step."""
    updates: tuple[Update, ...] = ()
    """Of every variable that has a value before and after the step."""
    elements: int = 0
    """How many elements of data the step consumed on this worker; 0 if unknown."""
    digest: int = 0
    """A digest of these elements, in any order: a sum modulo 2**64."""
    results: tuple[float, ...] = ()
    """The numbers that the step returned to the program, and the results of its reductions."""
    reduced: tuple[SourceLine | None, ...] = ()
    """The lines of `strategy.reduce` whose results are the last of `results`."""
    rates: tuple[float, ...] = ()
    """The learning rate of each schedule in the step."""
    shares: tuple[int, ...] = ()
    """How many elements each replica of this worker got; empty if unknown."""

    @property
    def trains(self) -> bool:
        """Whether it changed a trainable variable."""
        return any(each.role == TRAINED and any(each.delta) for each in self.updates)

    @property
    def acts(self) -> bool:
        """Whether it trained, changed a metric, or returned a number."""
        counted = any(each.role == METRIC and any(each.delta) for each in self.updates)
        return self.trains or counted or bool(self.results)

    @property
    def ends_epoch(self) -> bool:
        """Whether a metric was reset between this step and the next one."""
        return any(
            each.role == METRIC
            and any(each.before)
            and all(a + b == 0 for a, b in zip(each.before, each.delta, strict=True))
            for each in self.updates
        )


@dataclass(frozen=True)
class Loss:
    """A value whose gradients train variables."""

    place: SourceLine | None
    """The line that computes it from tensors; None if a library does."""
    variables: tuple[int, ...] = ()
    """The numbers of the variables: `VariableCreated.number`."""
    adds: SourceLine | None = None
    """The line that adds a further term to it, like a regularisation."""
    last: SourceLine | None = None
    """The line that changes it last, as by scaling."""
    own_mean: bool = False
    """Whether it certainly is a mean over the elements of one replica."""


@dataclass(frozen=True)
class FirstSteps:
    """All that is known of the first steps of one worker."""

    steps: tuple[FirstStep, ...] = ()
    losses: tuple[Loss, ...] = ()
    """Of each call of a tape's `gradient`, each once."""
    limits: tuple[SourceLine, ...] = ()
    """Lines of replica functions that clip or normalise by a function of TensorFlow."""
    batches: tuple[int, ...] = ()
    """The batch size of each `fit` of Keras that has one."""
    draws: bool = False
    """Whether replicas draw random numbers in these steps."""
    takes: bool = False
    """Whether replicas take data from an iterator themselves."""
    own_statistics: bool = False
    """Whether a layer normalises by the statistics of each replica's own batch."""
    short_floats: bool = False
    """Whether replicas compute in float16 or bfloat16, whose rounding grows from step to step."""
    omitted: str = ""
    """Why the steps were not recorded; empty if they were."""

    @property
    def differs(self) -> bool:
        """Whether equal data may give other updates: by random numbers, or by rounding."""
        return self.draws or self.takes or self.short_floats


@dataclass(frozen=True)
class RecordedRun:
    """The first steps of one worker, and what was observed of them."""

    seen: WorkerObservations
    first: FirstSteps


@dataclass(frozen=True)
class BothRuns:
    """The run of all replicas in one worker, and that of a single replica."""

    many: RecordedRun
    one: RecordedRun | None = None
    """None in other workers than worker 0, and if the strategy has one replica."""
