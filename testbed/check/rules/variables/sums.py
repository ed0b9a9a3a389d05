"""Rule about variables that sum up over the replicas when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.observations.seen import Access, VariableCreated, WorkerObservations
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import bare, name_of
from testbed.verdict.diagnosis import show

_RESET = "constant"


def of_means(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables whose reading sums up means, because each replica assigns its own."""
    replicas = len(seen) * seen[0].replicas
    if replicas < 2:
        return
    counterparts = Counterparts(seen)
    for birth in seen[0].births:
        assigned = _assigned(seen[0], birth)
        numbers = _numbers([each for each in counterparts.of(birth) if each], replicas)
        alike = len({each.replica for each in assigned}) == seen[0].replicas
        # A zero may be the share of a replica that contributes nothing; all are zero by a reset.
        whole = all(numbers) or not any(numbers)
        if assigned and alike and whole and _is_read(seen[0], birth):
            evidence = (
                f"each of {replicas} replicas assigns a {assigned[0].assigns} to {name_of(birth)},"
                " and reading it sums them up"
            )
            if any(numbers):
                evidence += f": {show(sum(numbers))}, where replica 0 holds {show(numbers[0])}"
            yield Finding("TB205", assigned[0].place, evidence, birth.place)


def _assigned(seen: WorkerObservations, birth: VariableCreated) -> list[Access]:
    """The assignments by replicas of what cannot be summed up; none if they write anything else."""
    writes = [
        each
        for each in seen.accesses
        if each.variable == birth.number and each.writes and each.replica is not None
    ]
    if not birth.distributed or not all(each.assigns for each in writes):
        return []
    return [each for each in writes if each.assigns != _RESET]


def _is_read(seen: WorkerObservations, birth: VariableCreated) -> bool:
    """Whether the program reads the sum."""
    return any(bare(each.reads) == bare(birth.name) for each in seen.collectives)


def _numbers(everywhere: Sequence[VariableCreated], replicas: int) -> list[float]:
    """The number that each replica holds; empty if any is unknown, or no number."""
    copies = [copy for each in everywhere for copy in each.copies]
    numbers = [float(each) for each in copies if isinstance(each, (int, float))]
    return numbers if len(numbers) == replicas else []
