"""Rules about how variables are made: outside of the scope, in every step, in another order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from testbed.check.finding import Finding
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import distinguishable, name_of
from testbed.check.seen import (
    ADDING,
    ASSIGNING,
    SAME,
    Access,
    SourceLine,
    VariableCreated,
    WorkerObservations,
)
from testbed.verdict.diagnosis import same, show

# States of random number generators: every replica draws from them, as intended.
_GENERATORS = ("keras/src/random/", "tf_keras/src/backend")
_GENERATOR_TYPES = ("StateVar",)

_OPTIMIZING = ("ResourceApply", "ResourceSparseApply")


def unmirrored(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find variables made outside of the scope that replicas use."""
    found = list(_unmirrored(seen))
    raised = any(each.raised for each in seen)
    spoilt = {
        birth.other_scope for birth, finding in found if raised or finding.code != "TB103"
    }  # fmt: skip
    for birth, finding in found:
        if birth.other_scope is None:
            yield finding
        elif birth.other_scope in spoilt:
            yield _of_a_thread(birth, birth.other_scope)
        else:
            thread = "it was made in a thread that had not entered the scope of line"
            thread += f" {birth.other_scope.line}"
            yield replace(finding, evidence=f"{finding.evidence}; {thread}")


def _of_a_thread(birth: VariableCreated, scope: SourceLine) -> Finding:
    """Report the scope that another thread had entered while this thread made the variable."""
    evidence = (
        f"{name_of(birth)} was made in a thread that had entered no scope, while another thread was"
        " in this one"
    )
    return Finding("TB110", scope, evidence, birth.place)


def _unmirrored(seen: Sequence[WorkerObservations]) -> Iterator[tuple[VariableCreated, Finding]]:
    counterparts, raised = Counterparts(seen), any(each.raised for each in seen)
    for birth in seen[0].births:
        if birth.distributed or birth.is_table or _is_generator(birth):
            continue
        accesses = _accesses(seen[0], birth, in_replicas=True)
        foreign = any(access.foreign for access in accesses)
        if not accesses or (birth.in_scope and not foreign):
            continue
        found = (
            _written_by_all(seen[0], birth, accesses)
            or (not raised and _differs_on_workers(birth, counterparts.of(birth)))
            or _only_used(seen, birth, accesses)
        )
        if found:
            yield birth, found


def _written_by_all(
    seen: WorkerObservations, birth: VariableCreated, accesses: list[Access]
) -> Finding | None:
    """Report a variable whose single copy every replica of a worker writes."""
    writes = [access for access in accesses if access.writes]
    replicas = {access.replica for access in writes}
    if len(replicas) < 2:
        return None
    first = writes[0]
    who = f"{len(replicas)} replicas of a worker"
    name = name_of(birth)
    if first.operation.startswith(_OPTIMIZING):
        evidence = f"{who} each apply their gradients to {name}, which has one copy"
        return Finding("TB101", birth.place, evidence, first.place)
    if first.operation in ADDING:
        counts = [access.delta for access in writes]
        if all(delta in (1, SAME) for delta in counts) and not _is_divisor(seen, birth, first):
            what = "1" if 1 in counts else "the same"
            adds = first.operation == ADDING[0]
            change = f"add {what} to" if adds else f"subtract {what} from"
            evidence = f"{who} each {change} {name} in a step"
            return Finding("TB101", birth.place, evidence, first.place)
        if any(access.own for access in writes) or (
            first.own is None and any(not access.writes for access in accesses)
        ):
            evidence = f"{who} each change {name} by what they have computed from its value"
            return Finding("TB101", birth.place, evidence, first.place)
        # Each replica adds a different share: the sum of all may be intended.
        return None
    if _reads_what_it_writes(accesses, first):
        evidence = f"{who} each compute {name} anew from its own value, one after the other"
        return Finding("TB101", birth.place, evidence, first.place)
    if first.operation != ASSIGNING or _is_scratch(seen, birth):
        # Each replica writes separate rows, or values that no other replica reads.
        return None
    evidence = f"{who} each assign {name}, which has one copy"
    return Finding("TB102", birth.place, evidence, first.place)


def _is_divisor(seen: WorkerObservations, birth: VariableCreated, write: Access) -> bool:
    """Whether it counts the summands of another variable, so that their quotient is right."""
    sums = {
        access.variable
        for access in seen.accesses
        if access.operation in ADDING
        and access.delta is None
        and access.replica is not None
        and _of_one_function(access.place, write.place)
    }
    return any(
        other.number in sums - {birth.number}
        and (other.distributed, other.libraries) == (birth.distributed, birth.libraries)
        and _of_one_function(other.place, birth.place)
        for other in seen.births
    )


def _of_one_function(one: SourceLine | None, other: SourceLine | None) -> bool:
    """Whether two lines are the same line, or belong to one function."""
    if one is None or other is None or one == other:
        return one == other
    same = (one.file, one.function) == (other.file, other.function)
    return same and one.function not in ("", "<module>")


def _is_scratch(seen: WorkerObservations, birth: VariableCreated) -> bool:
    """Whether each replica reads the variable only after it has assigned it itself."""
    first: dict[str, Access] = {}
    for access in seen.accesses:
        if access.variable == birth.number:
            first.setdefault(access.who, access)
    read = any(not a.writes for a in seen.accesses if a.variable == birth.number)
    assigned = all(each.operation == ASSIGNING for each in first.values())
    return read and assigned and all(who.startswith("replica") for who in first)


def _reads_what_it_writes(accesses: list[Access], write: Access) -> bool:
    return any(not each.writes and each.place == write.place for each in accesses)


def _differs_on_workers(
    birth: VariableCreated, everywhere: list[VariableCreated | None]
) -> Finding | None:
    """Report a variable that ends with different values on the workers."""
    values = [other.copies for other in everywhere if other]
    if not all(values) or all(same(list(value), list(values[0])) for value in values):
        return None
    ends = " | ".join(distinguishable([value[0] for value in values]))
    return Finding("TB104", birth.place, f"{name_of(birth)} ends as {ends} on the workers")


def _only_used(
    seen: Sequence[WorkerObservations], birth: VariableCreated, accesses: list[Access]
) -> Finding | None:
    if len(seen) * seen[0].replicas < 2:
        return None
    verb = "write" if any(access.writes for access in accesses) else "read"
    return Finding(
        "TB103",
        birth.place,
        f"replicas {verb} {name_of(birth)}, of which there is one copy on each worker",
        accesses[0].place,
    )


def tables(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lookup tables whose new entries replicas compute from the old ones."""
    for birth in seen[0].births:
        accesses = _accesses(seen[0], birth, in_replicas=True) if birth.is_table else []
        writes = [access for access in accesses if access.writes]
        replicas = {access.replica for access in writes}
        # Replicas that only insert may insert different keys.
        if len(replicas) > 1 and _reads_what_it_writes(accesses, writes[0]):
            evidence = (
                f"{len(replicas)} replicas of a worker each compute what they insert into the"
                f" {birth.name} from what is in it"
            )
            yield Finding("TB108", birth.place, evidence, writes[0].place)


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
    if any(each.raised for each in seen):
        return
    trained = {
        access.variable
        for access in seen[0].accesses
        if access.writes and access.who == "outside" and seen[0].steps
    }
    used = any(birth.distributed for birth in seen[0].births)
    for each in seen[0].unused:
        if each.replicas > 1 and len(trained) and not used:
            evidence = (
                f"{len(trained)} variables are written, none of them of its scope, and none of"
                f" {seen[0].steps} steps is one of its {each.replicas} replicas"
            )
            yield Finding("TB107", each.place, evidence)


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
    mine = [birth for birth in seen[0].births if birth.distributed]
    for other in seen[1:]:
        theirs = [birth for birth in other.births if birth.distributed]
        for one, two in zip_longest(mine, theirs):
            alike = one and two and _kind(one) == _kind(two)
            if alike and not _swapped(one, two, mine, theirs):
                continue
            born = one or two
            evidence = f"worker {seen[0].worker} made {_describe(one, alike)}"
            evidence += f" where worker {other.worker} made {_describe(two, alike)}"
            yield Finding("TB106", born.place if born else None, evidence)
            return


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


def _accesses(
    seen: WorkerObservations, birth: VariableCreated, *, in_replicas: bool
) -> list[Access]:
    return [
        access
        for access in seen.accesses
        if access.variable == birth.number and (access.replica is not None or not in_replicas)
    ]


def _is_generator(birth: VariableCreated) -> bool:
    return birth.type in _GENERATOR_TYPES or birth.is_of(*_GENERATORS)
