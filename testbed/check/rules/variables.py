"""Rules about how variables are made: in every step, in another order, or under no strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from testbed.check.finding import Finding
from testbed.check.rules.words import name_of
from testbed.check.seen import VariableCreated, WorkerObservations
from testbed.verdict.diagnosis import show


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
                f"{len(trained)} variables are written, none of them of its scope, and none of"
                f" {seen[0].steps} steps is one of its {each.replicas} replicas"
            )
            yield Finding("TB107", each.place, evidence)


def _written_outside(seen: WorkerObservations) -> set[int]:
    """The numbers of the variables that are written outside of `strategy.run`."""
    return {each.variable for each in seen.accesses if each.writes and each.who == "outside"}


def made_every_step(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lines that make a new variable in most steps."""
    steps: dict[Any, list[int]] = {}
    first: dict[Any, VariableCreated] = {}
    for birth in seen[0].births:
        if birth.step and birth.place:
            key = (birth.place, birth.libraries)
            first.setdefault(key, birth)
            steps.setdefault(key, []).append(birth.step)
    for key, made_in in steps.items():
        several = len(set(made_in))
        # A model for each fold or trial takes many steps before the next model is made.
        if several > 2 and several > (max(made_in) - min(made_in)) / 2:
            evidence = f"{several} steps of {seen[0].steps} made {name_of(first[key])} anew"
            yield Finding("TB105", first[key].place, evidence)


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
    return name_of(birth) + f" of {show(birth.start)}" * bool(alike)


def other_order_in_replicas(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables that the replicas of a worker make in different orders."""
    for each in seen[0].mixed_up:
        here, there = each.places
        evidence = (
            f"replica {each.replica} makes at line {there.line} what replica 0 makes elsewhere"
        )
        evidence += f", and gets the variable of line {here.line}" * (here.line != there.line)
        yield Finding("TB109", there, evidence, here)
