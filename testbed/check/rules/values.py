"""Rules about the values of variables: copies and workers should agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from testbed.check.finding import Finding
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import distinguishable, name_of
from testbed.check.seen import Access, VariableCreated, WorkerObservations
from testbed.verdict.diagnosis import same

_BATCH_NORM = "keras/src/layers/normalization/batch_normalization.py"
_DROPOUT = "keras/src/random/seed_generator.py"
_KERAS_ADDS = (
    "keras/src/backend/common/variables.py:assign_add",
    "keras/src/backend/common/variables.py:assign_sub",
)
_GENERATORS = ("keras/src/random/",)


def copies(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables whose copies should be equal on all replicas and workers, and are not."""
    if any(each.raised for each in seen):
        # An exception leaves a step half done, and workers may have taken different numbers of
        # steps. So this compares the values after the last step that all workers finished.
        step = max(set.intersection(*map(_looked_at, seen)), default=0)
        seen = [_after_step(each, step) for each in seen]
    batch_norms: set[object] = set()
    counterparts = Counterparts(seen)
    apart: list[tuple[VariableCreated, Finding]] = []
    for birth in seen[0].births:
        every = counterparts.of(birth)
        if _is_first_on_read(birth) and _accessed_outside(seen[0], birth, writes=False):
            firsts = [b.copies[0] for b in every if b and b.copies]
            if len(firsts) == len(seen) and _differ(firsts):
                yield Finding(
                    "TB202", birth.place, _describe(birth, (), [[each] for each in firsts])
                )
        if not _should_be_alike(birth):
            continue
        within = next((b for b in every if b and _differ(b.copies)), None)
        known = [b.copies for b in every if b and b.copies]
        # Workers whose values are known are compared, even if the value of another is unknown.
        across = len(known) > 1 and _differ([list(values) for values in known])
        if not within and not across:
            if read := _read_apart(seen[0], birth):
                evidence = f"{_describe(birth, read.apart, known)} when one of them is read"
                yield Finding("TB201", birth.place, evidence, read.place)
            continue
        evidence = _describe(birth, within.copies if within else (), known) + _since(every)
        if birth.is_of(_BATCH_NORM):
            if birth.place not in batch_norms:
                batch_norms.add(birth.place)
                yield Finding("TB601", birth.place, evidence)
        elif within:
            yield Finding("TB201", birth.place, evidence)
        else:
            apart.append((birth, Finding("TB202", birth.place, evidence)))
    # A variable that was assigned outside of the steps explains why computed values differ, too.
    causes = [finding for birth, finding in apart if _accessed_outside(seen[0], birth, writes=True)]
    yield from causes or [finding for _, finding in apart]


def _looked_at(seen: WorkerObservations) -> set[int]:
    """The steps after which the values of variables are known."""
    return {step for birth in seen.births for step, _ in birth.looks}


def _after_step(seen: WorkerObservations, step: int) -> WorkerObservations:
    births = (replace(each, copies=dict(each.looks).get(step, ())) for each in seen.births)
    return replace(seen, births=tuple(births))


def _since(every: Sequence[VariableCreated | None]) -> str:
    """The first step after which copies or workers differed, as the end of a sentence."""
    looks = [dict(birth.looks) for birth in every if birth]
    for step in looks[0] if looks else ():
        held = [list(each[step]) for each in looks if each.get(step)]
        if len(held) == len(looks) and (_differ(held) or any(_differ(each) for each in held)):
            return f", since step {step}" if step > 1 else ", since the first step"
    return ""


def _read_apart(seen: WorkerObservations, birth: VariableCreated) -> Access | None:
    """The access that reads one copy while they differ, at a line that reads no other copy."""
    own = [access for access in seen.accesses if access.variable == birth.number]
    others = {access.place for access in own if access.copy and access.who == "outside"}
    return next((access for access in own if access.apart and access.place not in others), None)


def _is_first_on_read(birth: VariableCreated) -> bool:
    """Whether reading it outside of a step gives the value of this worker's first replica."""
    first = birth.aggregation == "ONLY_FIRST_REPLICA"
    return birth.distributed and birth.synchronization == "ON_READ" and first


def _accessed_outside(seen: WorkerObservations, birth: VariableCreated, *, writes: bool) -> bool:
    return any(
        access.variable == birth.number and access.writes == writes and access.who == "outside"
        for access in seen.accesses
    )


def dropout(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find seeds of Keras 3 that are mirrored and from which replicas draw."""
    replicas = len(seen) * seen[0].replicas
    if replicas < 2:
        return
    places: set[object] = set()
    counterparts = Counterparts(seen)
    for birth in seen[0].births:
        if not (birth.distributed and birth.is_of(_DROPOUT)):
            continue
        drawn = any(a.variable == birth.number and a.replica is not None for a in seen[0].accesses)
        copies = [copy for other in counterparts.of(birth) if other for copy in other.copies]
        # Within one worker the copies are mirrored; across workers each value must be known.
        known = len(copies) == replicas or seen[0].replicas > 1
        if drawn and known and not _differ(copies) and birth.place not in places:
            places.add(birth.place)
            evidence = f"its seed {name_of(birth)} is the same on {replicas} replicas"
            yield Finding("TB602", birth.place, evidence)


def summed_by_keras(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables of Keras 3 with the aggregation SUM to which replicas add."""
    if len(seen) * seen[0].replicas < 2:
        return
    for birth in seen[0].births:
        if not (_should_be_alike(birth) and birth.aggregation == "SUM"):
            continue
        for access in seen[0].accesses:
            added = access.variable == birth.number and access.called.startswith(_KERAS_ADDS)
            if added and access.replica is not None:
                adding = f"{len(seen) * seen[0].replicas} replicas each add to {name_of(birth)}"
                yield Finding(
                    "TB605", access.place, f"{adding}, and the value that it had", birth.place
                )
                break


def _should_be_alike(birth: VariableCreated) -> bool:
    return (
        birth.distributed and birth.synchronization != "ON_READ" and not birth.is_of(*_GENERATORS)
    )


def _differ(values: Sequence[object]) -> bool:
    return any(not same(value, values[0]) for value in values)


def _describe(
    birth: VariableCreated, within: Sequence[object], known: Sequence[Sequence[object]]
) -> str:
    name = name_of(birth)
    if within and _differ(within):
        return f"the copies of {name} hold {' and '.join(distinguishable(within))}"
    held = " | ".join(distinguishable([values[0] for values in known]))
    return f"{name} holds {held} on the workers"
