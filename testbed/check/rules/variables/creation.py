"""Rules about how variables are made: in every step, in another order, or under no strategy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from testbed.check.finding import Finding
from testbed.check.observations.operations import ASSIGNING
from testbed.check.observations.seen import VariableCreated, WorkerObservations
from testbed.check.rules.words import bare, distinguishable, name_of
from testbed.verdict.diagnosis import same, show

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def copy_of_another(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find replicas that write the copy of another replica."""
    births = {birth.number: birth for birth in seen[0].births}
    for access in seen[0].accesses:
        birth = births.get(access.variable)
        if birth is None or not birth.distributed or access.replica is None or not access.writes:
            continue
        first = seen[0].worker * seen[0].replicas
        if access.replica - first != access.copy:
            evidence = (
                f"replica {access.replica} writes replica {first + access.copy}'s copy of"
                f" {name_of(birth)}"
            )
            yield Finding("TB204", access.place, evidence, birth.place)


def unused(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find strategies of several replicas under which nothing is trained."""
    used = any(birth.distributed for birth in seen[0].births)
    trained = _written_outside(seen[0]) if seen[0].steps else set()
    if used or not trained or any(each.raised for each in seen):
        return
    for each in seen[0].unused:
        if each.replicas > 1:
            evidence = (
                f"it has {each.replicas} replicas, and took none of {seen[0].steps} steps; none of"
                f" {len(trained)} written variables was made in its scope"
            )
            yield Finding("TB107", each.place, evidence)


def _written_outside(seen: WorkerObservations) -> set[int]:
    """The numbers of the variables that are written outside of `strategy.run`."""
    return {each.variable for each in seen.accesses if each.writes and each.who == "outside"}


def made_every_step(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lines that make a new variable in most steps, and not a new model for each trial."""
    made: dict[Any, list[VariableCreated]] = {}
    # The cause is known where a name should have given the same variable each time.
    known = {each.second for each in seen[0].not_reused}
    reused = {birth.place for birth in seen[0].births if birth.number in known}
    for birth in seen[0].births:
        if birth.step and birth.place and birth.place not in reused:
            made.setdefault((birth.place, birth.libraries), []).append(birth)
    for births in made.values():
        several = len({birth.step for birth in births})
        # A model for each fold or trial may take many steps before the next model is made.
        many = several > 2 and several > (births[-1].step - births[0].step) / 2
        if many and _is_lost_state(seen[0], births):
            evidence = f"{several} steps of {seen[0].steps} made {name_of(births[0])} anew"
            yield Finding("TB105", births[0].place, evidence)


def _is_lost_state(seen: WorkerObservations, births: Sequence[VariableCreated]) -> bool:
    """Whether the variables of one line are one state that should outlive a step.

    The candidates of a search are fresh models: they are trained within their step, or nothing else
    is trained while they come and go.
    """
    updates = [_most_updates(seen, birth) for birth in births]
    if births[0].in_step:
        own = not births[0].libraries and max(updates) < 2
        return own or any(_changed_during(each, births) for each in seen.births)
    starts = [birth.start for birth in births]
    if starts[0] is None or not all(same(each, starts[0]) for each in starts):
        return False
    by_steps = {each.variable for each in seen.accesses if each.writes and each.who != "outside"}
    trained = (each for each in seen.births if each.number in by_steps and each.dtype in _FLOATS)
    beside = any(_changed_during(each, births) for each in trained)
    return set(updates) == {1} and (beside or not _is_used_by_replicas(seen, births))


def _most_updates(seen: WorkerObservations, birth: VariableCreated) -> int:
    """How often one actor wrote one copy of a variable after it had been created."""
    counts = Counter[tuple[str, int]]()
    for access in seen.accesses:
        initial = access.operation == ASSIGNING and access.place == birth.place
        if access.variable == birth.number and access.writes and not initial:
            counts[access.who, access.copy] += access.count
    return max(counts.values(), default=0)


def _is_used_by_replicas(seen: WorkerObservations, births: Sequence[VariableCreated]) -> bool:
    numbers = {birth.number for birth in births}
    return any(
        access.variable in numbers and access.replica is not None for access in seen.accesses
    )


def _changed_during(older: VariableCreated, births: Sequence[VariableCreated]) -> bool:
    """Whether the value of an older variable changed between the first birth and the last."""
    first, last = births[0], births[-1]
    values = [values for step, values in older.looks if values and first.step <= step <= last.step]
    return older.step < first.step and any(not same(each, values[0]) for each in values)


def not_reused(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find calls that ask for the variable of a name, and make another one of this name."""
    births = {birth.number: birth for birth in seen[0].births}
    for each in seen[0].not_reused:
        first, second = births[each.first], births[each.second]
        asked, made = f"{name_of(first)}{_of_line(first)}", each.count
        if first.place == second.place:
            asked, made = f"one {name_of(first)}", made + 1
        new = f"{made} variables" if made > 1 else "a new variable"
        evidence = f"the call{_of_line(second)} asks by {each.asked} for {asked}, and makes {new}"
        values = [birth.copies[0] for birth in (first, second) if birth.copies]
        if len(values) > 1 and not same(*values):
            values = distinguishable(values)
            evidence += f"; in the end they hold {values[0]} and {values[1]}"
        yield Finding("TB111", second.place, evidence, first.place)


def _of_line(birth: VariableCreated) -> str:
    return f" of line {birth.place.line}" if birth.place else ""


def other_order(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find the first variable that workers made in different orders."""
    mine = _distributed(seen[0])
    for other in seen[1:]:
        pair = _first_mismatch(mine, _distributed(other))
        if pair is not None:
            one, two = pair
            alike = one and two and _kind(one) == _kind(two)
            evidence = f"worker {seen[0].worker} made {_describe(one, alike)}"
            evidence += f" where worker {other.worker} made {_describe(two, alike)}"
            born = one or two
            yield Finding("TB106", born.place if born else None, evidence)
            return


def _distributed(seen: WorkerObservations) -> list[VariableCreated]:
    return [birth for birth in seen.births if birth.distributed]


def _first_mismatch(
    mine: list[VariableCreated], theirs: list[VariableCreated]
) -> tuple[VariableCreated | None, VariableCreated | None] | None:
    """The first variables of two workers that do not belong together; None if all do."""
    for one, two in zip_longest(mine, theirs):
        if not (one and two and _kind(one) == _kind(two)) or _swapped(one, two, mine, theirs):
            return one, two
    return None


def _kind(birth: VariableCreated) -> tuple[object, ...]:
    return birth.name, birth.shape, birth.dtype


def _swapped(
    one: VariableCreated,
    two: VariableCreated,
    mine: list[VariableCreated],
    theirs: list[VariableCreated],
) -> bool:
    """Whether both workers give both initial values, and so in different orders."""
    if None in (one.start, two.start) or one.start == two.start:
        return False
    return one.start in [each.start for each in theirs] and two.start in [e.start for e in mine]


def _describe(birth: VariableCreated | None, alike: object) -> str:
    if birth is None:
        return "none"
    return f"'{bare(birth.name)}'" + f" of {show(birth.start)}" * bool(alike)


def other_order_in_replicas(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables that the replicas of a worker make in different orders."""
    for each in seen[0].mixed_up:
        here, there = each.places
        if here.line == there.line:
            evidence = f"replica {each.replica} makes them in another order than replica 0"
        else:
            evidence = (
                f"replica {each.replica} makes one at line {there.line}, and gets the one that"
                f" replica 0 made at line {here.line}"
            )
        yield Finding("TB109", there, evidence, here)
