"""Rules about the values of variables: copies and workers should agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from testbed.check.finding import Finding
from testbed.check.observations.seen import Access, SourceLine, VariableCreated, WorkerObservations
from testbed.check.rules.consequences import follows_from_state
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.data.encodings import NORMALIZING
from testbed.check.rules.words import distinguishable, name_of
from testbed.verdict.diagnosis import same

_BATCH_NORM = "keras/src/layers/normalization/batch_normalization.py"
_DROPOUT = "keras/src/random/seed_generator.py"
_KERAS_ADDS = (
    "keras/src/backend/common/variables.py:assign_add",
    "keras/src/backend/common/variables.py:assign_sub",
)
_GENERATORS = ("keras/src/random/",)


@dataclass(frozen=True)
class _Compared:
    """The values of one variable, on every replica and worker."""

    birth: VariableCreated
    everywhere: tuple[VariableCreated | None, ...]

    @property
    def known(self) -> list[tuple[object, ...]]:
        """The copies of each worker whose values are known."""
        return [each.copies for each in self.everywhere if each and each.copies]

    @property
    def within(self) -> tuple[object, ...]:
        """The copies of the first worker whose copies differ; empty if there is none."""
        return next((copies for copies in self.known if _differ(copies)), ())

    @property
    def is_apart(self) -> bool:
        """Whether its values differ, within a worker or between the workers."""
        return _are_apart(self.known)

    def was_parted_by(self, failed_steps: Iterable[int]) -> bool:
        """Whether its values may differ only because a step raised in the middle.

        TensorFlow cancels a step that raises, as at the end of the data: one replica may have
        written, and another one not. Keras 3 ends each epoch of unknown length in this way.
        """
        before = self.birth.step
        for step, values in _common_looks(self.everywhere):
            if _are_apart(values):
                return any(before < failed <= step for failed in failed_steps)
            before = step
        return any(before < failed for failed in failed_steps)

    @property
    def evidence(self) -> str:
        """The different values, and the step after which they differed."""
        return _describe(self.birth, self.within, self.known) + _since(self.everywhere)


def copies(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables whose copies should be equal on all replicas and workers, and are not."""
    seen = _after_a_common_step(seen)
    counterparts = Counterparts(seen)
    compared = [_Compared(birth, tuple(counterparts.of(birth))) for birth in seen[0].births]
    yield from _first_copies(seen, compared)
    failed = {step for each in seen for step in each.failed_steps}
    alike = [
        each for each in compared if _should_be_alike(each.birth) and not each.was_parted_by(failed)
    ]
    norms = [each for each in alike if each.is_apart and each.birth.is_kept_by(_BATCH_NORM)]
    yield from _batch_norms(norms)
    others = [
        each for each in alike if each not in norms and not each.birth.is_kept_by(*NORMALIZING)
    ]
    yield from _within_a_worker(seen[0], others)
    yield from _between_workers(seen[0], others)


def _after_a_common_step(seen: Sequence[WorkerObservations]) -> Sequence[WorkerObservations]:
    """The observations, with values that can be compared even if the program raised.

    An exception leaves a step half done, and workers may have taken different numbers of steps. So
    the values are those after the last step that all workers finished.
    """
    if not any(each.raised for each in seen):
        return seen
    step = max(set.intersection(*map(_looked_at, seen)), default=0)
    return [_after_step(each, step) for each in seen]


def _looked_at(seen: WorkerObservations) -> set[int]:
    """The steps that were finished and after which the values of variables are known."""
    looks = {step for birth in seen.births for step, _ in birth.looks}
    return looks.difference(seen.failed_steps)


def _after_step(seen: WorkerObservations, step: int) -> WorkerObservations:
    births = (replace(each, copies=dict(each.looks).get(step, ())) for each in seen.births)
    return replace(seen, births=tuple(births))


def _first_copies(
    seen: Sequence[WorkerObservations], compared: Sequence[_Compared]
) -> Iterator[Finding]:
    """Find values that differ on the workers because each one reads its first replica's copy."""
    for each in compared:
        birth, firsts = each.birth, [[copies[0]] for copies in each.known]
        on_all = len(firsts) == len(seen) and _differ(firsts)
        if on_all and _is_first_on_read(birth) and _accessed_outside(seen[0], birth, writes=False):
            yield Finding("TB202", birth.place, _describe(birth, (), firsts))


def _batch_norms(apart: Sequence[_Compared]) -> Iterator[Finding]:
    """Report layers that normalise each replica's batch separately, each layer once."""
    for each in _first_of_each_line(apart):
        yield Finding("TB601", each.birth.place, each.evidence)


def _within_a_worker(seen: WorkerObservations, alike: Sequence[_Compared]) -> Iterator[Finding]:
    """Find copies that differ at the end, or that only differ while the program reads one."""
    for each in alike:
        place = each.birth.place
        if each.within and follows_from_state(seen, each.birth):
            # TB301 reports the cause.
            continue
        if each.within:
            yield Finding("TB201", place, each.evidence)
        elif not each.is_apart and (read := _read_apart(seen, each.birth)):
            values = _describe(each.birth, read.apart, each.known)
            yield Finding("TB201", place, f"{values} when one of them is read", read.place)


def _between_workers(seen: WorkerObservations, alike: Sequence[_Compared]) -> Iterator[Finding]:
    """Find values that differ only between the workers: the causes, if any is known."""
    apart = [each for each in alike if each.is_apart and not each.within]
    # A variable that was assigned outside of the steps explains why computed values differ, too.
    causes = [each for each in apart if _accessed_outside(seen, each.birth, writes=True)]
    for each in causes or apart:
        yield Finding("TB202", each.birth.place, each.evidence)


def _first_of_each_line(compared: Iterable[_Compared]) -> Iterable[_Compared]:
    first: dict[SourceLine | None, _Compared] = {}
    for each in compared:
        first.setdefault(each.birth.place, each)
    return first.values()


def _since(everywhere: Sequence[VariableCreated | None]) -> str:
    """The first step after which copies or workers differed, as the end of a sentence."""
    looks = [dict(birth.looks) for birth in everywhere if birth]
    for step in looks[0]:
        held = [each.get(step, ()) for each in looks]
        if all(held) and _are_apart(held):
            return f", since step {step}" if step > 1 else ", since the first step"
    return ""


def _common_looks(
    everywhere: Sequence[VariableCreated | None],
) -> Iterator[tuple[int, list[tuple[object, ...]]]]:
    """The values of each worker's copies at the looks that all workers took, with their steps."""
    looks = [_numbered_looks(birth) for birth in everywhere if birth]
    for key in looks[0]:
        values = [each.get(key, ()) for each in looks]
        if all(values):
            yield key[0], values


def _numbered_looks(birth: VariableCreated) -> dict[tuple[int, int], tuple[object, ...]]:
    """The looks by their steps; those after one step are numbered."""
    counts = Counter[int]()
    numbered: dict[tuple[int, int], tuple[object, ...]] = {}
    for step, values in birth.looks:
        numbered[step, counts[step]] = values
        counts[step] += 1
    return numbered


def _are_apart(values: Sequence[tuple[object, ...]]) -> bool:
    """Whether copies differ, within a worker or between the workers."""
    return any(map(_differ, values)) or _differ([list(copies) for copies in values])


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
    counterparts = Counterparts(seen)
    drawn = (
        _Compared(birth, tuple(counterparts.of(birth)))
        for birth in seen[0].births
        if birth.distributed and birth.is_of(_DROPOUT) and _is_used_by_replicas(seen[0], birth)
    )
    same_seeds = (each for each in drawn if _is_one_value(each, seen))
    for each in _first_of_each_line(same_seeds):
        evidence = f"the layer's seed {name_of(each.birth)} is the same on {replicas} replicas"
        yield Finding("TB602", each.birth.place, evidence)


def _is_used_by_replicas(seen: WorkerObservations, birth: VariableCreated) -> bool:
    return any(
        access.variable == birth.number and access.replica is not None for access in seen.accesses
    )


def _is_one_value(compared: _Compared, seen: Sequence[WorkerObservations]) -> bool:
    """Whether all replicas certainly hold the same value."""
    copies = [copy for each in compared.known for copy in each]
    # Within one worker the copies are mirrored; across workers each value must be known.
    known = len(copies) == len(seen) * seen[0].replicas or seen[0].replicas > 1
    return known and not _differ(copies)


def summed_by_keras(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables of Keras 3 with the aggregation SUM to which replicas add."""
    replicas = len(seen) * seen[0].replicas
    if replicas < 2:
        return
    for birth in seen[0].births:
        summed = _should_be_alike(birth) and birth.aggregation == "SUM"
        if summed and (access := _addition_by_keras(seen[0], birth)):
            evidence = (
                f"{replicas} replicas each add to {name_of(birth)}, and the value that it had"
            )
            yield Finding("TB605", access.place, evidence, birth.place)


def _addition_by_keras(seen: WorkerObservations, birth: VariableCreated) -> Access | None:
    """The first addition by a replica to a variable, by a method of Keras."""
    return next(
        (
            access
            for access in seen.accesses
            if access.variable == birth.number
            and access.called.startswith(_KERAS_ADDS)
            and access.replica is not None
        ),
        None,
    )


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
