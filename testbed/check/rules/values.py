"""What copies and workers hold in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import name_of, told_apart
from testbed.check.seen import Birth, Seen
from testbed.diagnosis import same

_BATCH_NORM = "keras/src/layers/normalization/batch_normalization.py"
_DROPOUT = "keras/src/random/seed_generator.py"
_GENERATORS = ("keras/src/random/",)


def copies(seen: Sequence[Seen]) -> Iterator[Finding]:
    """A variable whose copies should be alike, and are not."""
    if any(each.raised for each in seen):
        # What a step has left half done is no value to compare.
        return
    batch_norms: set[object] = set()
    counterparts = Counterparts(seen)
    apart: list[tuple[Birth, Finding]] = []
    for birth in seen[0].births:
        if not _should_be_alike(birth):
            continue
        every = counterparts.of(birth)
        within = next((b for b in every if b and _differ(b.copies)), None)
        known = [b.copies for b in every if b and b.copies]
        across = len(known) == len(seen) and _differ([list(values) for values in known])
        if not within and not across:
            continue
        told = _told(birth, within.copies if within else (), known)
        if birth.is_of(_BATCH_NORM):
            if birth.place not in batch_norms:
                batch_norms.add(birth.place)
                yield Finding("TB601", birth.place, told)
        elif within:
            yield Finding("TB201", birth.place, told)
        else:
            apart.append((birth, Finding("TB202", birth.place, told)))
    # What somebody assigned beside the steps is why what the steps computed is another value, too.
    causes = [finding for birth, finding in apart if _assigned_outside(seen, birth)]
    yield from causes or [finding for _, finding in apart]


def _assigned_outside(seen: Sequence[Seen], birth: Birth) -> bool:
    return any(
        access.variable == birth.number and access.writes and access.who == "outside"
        for access in seen[0].accesses
    )


def dropout(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Keras 3 seeds that are mirrored and drawn from in replicas."""
    if seen[0].replicas < 2:
        return
    told: set[object] = set()
    for birth in seen[0].births:
        if not (birth.distributed and birth.is_of(_DROPOUT)):
            continue
        drawn = any(a.variable == birth.number and a.replica is not None for a in seen[0].accesses)
        if drawn and not _differ(birth.copies) and birth.place not in told:
            told.add(birth.place)
            evidence = f"its seed {name_of(birth)} is the same on {seen[0].replicas} replicas"
            yield Finding("TB602", birth.place, evidence)


def _should_be_alike(birth: Birth) -> bool:
    return (
        birth.distributed and birth.synchronization != "ON_READ" and not birth.is_of(*_GENERATORS)
    )


def _differ(values: Sequence[object]) -> bool:
    return any(not same(value, values[0]) for value in values)


def _told(birth: Birth, within: Sequence[object], known: Sequence[Sequence[object]]) -> str:
    name = name_of(birth)
    if within and _differ(within):
        return f"the copies of {name} hold {' and '.join(told_apart(within))}"
    return f"{name} holds {' | '.join(told_apart([values[0] for values in known]))} on the workers"
