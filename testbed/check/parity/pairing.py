"""Pairs the first steps of several replicas with those of one, variable by variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from testbed.check.observations.seen import VariableCreated, WorkerObservations
from testbed.check.parity.first_steps import (
    METRIC,
    OTHER,
    RATE,
    SLOT,
    TRAINED,
    FirstStep,
    FirstSteps,
    Update,
)
from testbed.check.parity.ratios import Ratio, agree, ratio_of
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import bare, name_of

# An update that is so much shorter than the longest one of its role is noise: the gradient of a
# bias before a batch normalisation is zero but for rounding.
_NOISE = 1e-5


@dataclass(frozen=True)
class Side:
    """A run of the program, as all its workers saw it."""

    seen: Sequence[WorkerObservations]
    first: Sequence[FirstSteps]
    copies: bool = False
    """Whether each replica had the batch of a single one."""

    @property
    def replicas(self) -> int:
        """The number of all replicas."""
        return len(self.seen) * self.seen[0].replicas


@dataclass(frozen=True)
class PairedUpdate:
    """The updates of one variable by one step, in both runs."""

    birth: VariableCreated
    many: Update
    one: Update

    @property
    def counts(self) -> bool:
        """Whether the variable holds an integer."""
        return self.birth.dtype.startswith(("int", "uint"))

    @property
    def is_scheduled(self) -> bool:
        """Whether it is a learning rate that Keras 2 takes from a schedule in each step."""
        return "current_learning_rate" in self.birth.name


@dataclass(frozen=True)
class PairedStep:
    """One step in both runs."""

    number: int
    """The first step is 1."""
    many: FirstStep
    """The step of worker 0, with the elements of all workers."""
    one: FirstStep
    updates: tuple[PairedUpdate, ...]
    copies: int = 1
    """How many replicas had the data of the single one."""

    @property
    def same_elements(self) -> bool | None:
        """Whether the step consumed the same data; None if that is unknown."""
        if not self.many.elements or not self.one.elements:
            return None
        elements, digest = self.one.elements * self.copies, self.one.digest * self.copies % 2**64
        return (self.many.elements, self.many.digest) == (elements, digest)

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rate as a multiple of that with one replica, before and after the step.

        The step itself may set the rate before it uses it. 1 if the rate is unknown.
        """
        scheduled = [*zip(self.many.rates, self.one.rates, strict=False)]
        kept = self.of_role(RATE)
        after = [(_after(each.many), _after(each.one)) for each in kept]
        before = [
            used if each.is_scheduled else (sum(each.many.before), sum(each.one.before))
            for each, used in zip(kept, after, strict=True)
        ]
        return _multiple([*scheduled, *before]), _multiple([*scheduled, *after])

    def of_role(self, *roles: str) -> list[PairedUpdate]:
        """The updates of all variables with these roles."""
        return [each for each in self.updates if each.many.role in roles]

    def has_uneven_count(self, replicas: int) -> bool:
        """Whether a metric of Keras counts elements that replicas cannot share evenly."""
        counts = (
            sum(each.many.delta)
            for each in self.of_role(METRIC)
            if bare(each.birth.name).rpartition("/")[2] == "count"
        )
        return any(count > 0 and count % 1 == 0 and count % replicas for count in counts)

    def ratios(self) -> list[Ratio]:
        """The ratios of all significant updates of trained variables and their slots."""
        found = []
        for role in (TRAINED, SLOT):
            of_role = [each for each in self.of_role(role) if not each.counts]
            longest = max((each.one.length for each in of_role), default=0.0)
            for each in of_role:
                noise = max(each.many.length, each.one.length) < _NOISE * longest
                ratio = ratio_of(name_of(each.birth), each.many, each.one)
                if ratio is not None and not noise:
                    found.append(ratio)
        return found

    def unequal_start(self, *roles: str) -> str:
        """The first variable of these roles that starts from another value; else empty."""
        for each in self.of_role(*roles):
            if not agree(each.many.before, each.one.before, each.many.rounding):
                return name_of(each.birth)
        return ""

    @property
    def own_statistics(self) -> str:
        """The first variable that keeps other statistics than on one replica; else empty.

        Like the moving mean of a batch normalisation, it is no counter, and is trained by no loss.
        """
        for each in self.of_role(OTHER):
            ratio = None if each.counts else ratio_of(name_of(each.birth), each.many, each.one)
            if ratio is not None and not ratio.is_near(1.0):
                return name_of(each.birth)
        return ""


def _after(update: Update) -> float:
    """The value of a scalar after the step."""
    return sum(update.before + update.delta)


def _multiple(pairs: Sequence[tuple[float, float]]) -> float:
    """The ratio of all pairs; 1 if it is not the same."""
    ratios = {round(a / b, 6) for a, b in pairs if b}
    return ratios.pop() if len(ratios) == 1 else 1.0


def paired(many: Side, one: Side) -> Iterator[PairedStep]:
    """Every step that both runs recorded."""
    counterparts = Counterparts([many.seen[0], one.seen[0]])
    pairs = {
        birth.number: (birth, other)
        for birth in many.seen[0].births
        if (other := counterparts.of(birth)[1]) is not None
    }
    every = zip(*(each.steps for each in many.first), strict=False)
    for number, (workers, alone) in enumerate(zip(every, one.first[0].steps, strict=False), 1):
        of_one = {each.variable: each for each in alone.updates}
        updates = tuple(
            PairedUpdate(pairs[each.variable][0], _of_all(each, workers[1:], pairs), match)
            for each in workers[0].updates
            if each.variable in pairs
            and (match := of_one.get(pairs[each.variable][1].number)) is not None
        )
        copies = many.replicas if many.copies else 1
        yield PairedStep(number, _of_workers(workers), alone, updates, copies)


def _of_workers(workers: Sequence[FirstStep]) -> FirstStep:
    known = all(each.elements or each.shares for each in workers)
    divided = all(each.shares for each in workers)
    return replace(
        workers[0],
        shares=tuple(share for each in workers for share in each.shares) if divided else (),
        elements=sum(each.elements for each in workers) if known else 0,
        digest=sum(each.digest for each in workers) % 2**64,
    )


def _of_all(
    update: Update,
    others: Sequence[FirstStep],
    pairs: dict[int, tuple[VariableCreated, VariableCreated]],
) -> Update:
    """The update by all workers: each holds its part of a variable that is read on demand."""
    aggregation = pairs[update.variable][0].aggregation
    if update.role != METRIC or aggregation == "ONLY_FIRST_REPLICA":
        return update
    parts = [each for step in others for each in step.updates if each.variable == update.variable]
    share = 1 / (1 + len(parts)) if aggregation == "MEAN" else 1.0
    every = [update, *parts]
    return replace(
        update,
        before=tuple(share * sum(each) for each in zip(*(e.before for e in every), strict=False)),
        delta=tuple(share * sum(each) for each in zip(*(e.delta for e in every), strict=False)),
        rounding=sum(each.rounding for each in every),
    )
