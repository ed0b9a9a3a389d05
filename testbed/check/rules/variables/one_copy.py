"""Rules about variables and tables that have one copy, and that every replica uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from testbed.check.finding import Finding
from testbed.check.observations.operations import ADDING, ASSIGNING, SAME, TABLE
from testbed.check.observations.seen import Access, SourceLine, VariableCreated, WorkerObservations
from testbed.check.rules.counterparts import Counterparts
from testbed.check.rules.words import distinguishable, name_of
from testbed.verdict.diagnosis import same

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
    for birth, accesses in _shared(seen[0]):
        found = (
            _written_by_all(seen[0], birth, accesses)
            or (not raised and _differs_on_workers(birth, counterparts.of(birth)))
            or _only_used(seen, birth, accesses)
        )
        if found:
            yield birth, found


def _shared(seen: WorkerObservations) -> Iterator[tuple[VariableCreated, list[Access]]]:
    """Variables with one copy that replicas use, with the accesses of the replicas."""
    for birth in seen.births:
        if birth.distributed or birth.type == TABLE or _is_generator(birth):
            continue
        accesses = _by_replicas(seen, birth)
        if accesses and (not birth.in_scope or any(access.foreign for access in accesses)):
            yield birth, accesses


def _is_generator(birth: VariableCreated) -> bool:
    return birth.type in _GENERATOR_TYPES or birth.is_of(*_GENERATORS)


def _by_replicas(seen: WorkerObservations, birth: VariableCreated) -> list[Access]:
    """The accesses of replicas to a variable or table."""
    return [
        access
        for access in seen.accesses
        if access.variable == birth.number and access.replica is not None
    ]


def _writes(accesses: list[Access]) -> list[Access]:
    return [access for access in accesses if access.writes]


def _written_by_all(
    seen: WorkerObservations, birth: VariableCreated, accesses: list[Access]
) -> Finding | None:
    """Report a variable whose single copy every replica of a worker writes."""
    writes = _writes(accesses)
    replicas = {access.replica for access in writes}
    if len(replicas) < 2:
        return None
    if change := _change_from_its_value(seen, birth, accesses):
        code = "TB101"
    elif writes[0].operation == ASSIGNING and not _is_scratch(seen, birth):
        code, change = "TB102", f"assign {name_of(birth)}, which has one copy"
    else:
        # Each replica writes separate rows, or adds a share, or writes what only it reads.
        return None
    evidence = f"{len(replicas)} replicas of a worker each {change}"
    return Finding(code, birth.place, evidence, writes[0].place)


def _change_from_its_value(
    seen: WorkerObservations, birth: VariableCreated, accesses: list[Access]
) -> str:
    """How each replica changes the value that the replica before it left; empty if none does."""
    first = _writes(accesses)[0]
    if first.operation.startswith(_OPTIMIZING):
        return f"apply their gradients to {name_of(birth)}, which has one copy"
    if first.operation in ADDING:
        return _addition(seen, birth, accesses)
    if _reads_what_it_writes(accesses, first):
        return f"compute {name_of(birth)} anew from its own value, one after the other"
    return ""


def _addition(seen: WorkerObservations, birth: VariableCreated, accesses: list[Access]) -> str:
    """How each replica adds to a variable; empty if the sum of all may be intended."""
    writes = _writes(accesses)
    deltas = [access.delta for access in writes]
    if all(delta in (1, SAME) for delta in deltas) and not _is_divisor(seen, birth, writes[0]):
        what = "1" if 1 in deltas else "the same"
        adds = writes[0].operation == ADDING[0]
        change = f"add {what} to" if adds else f"subtract {what} from"
        return f"{change} {name_of(birth)} in a step"
    if _adds_what_it_has_read(accesses):
        return f"change {name_of(birth)} by what they have computed from its value"
    return ""


def _adds_what_it_has_read(accesses: list[Access]) -> bool:
    """Whether an added value is computed from the variable's value, or may be."""
    writes = _writes(accesses)
    reads = len(writes) < len(accesses)
    return any(access.own for access in writes) or (reads and writes[0].own is None)


def _is_divisor(seen: WorkerObservations, birth: VariableCreated, write: Access) -> bool:
    """Whether it counts the summands of another variable, so that their quotient is right."""
    sums = {
        access.variable
        for access in seen.accesses
        if _adds_a_share(access) and _of_one_function(access.place, write.place)
    }
    return any(
        other.number in sums - {birth.number}
        and (other.distributed, other.libraries) == (birth.distributed, birth.libraries)
        and _of_one_function(other.place, birth.place)
        for other in seen.births
    )


def _adds_a_share(access: Access) -> bool:
    """Whether a replica adds a value that depends on its data."""
    return access.operation in ADDING and access.delta is None and access.replica is not None


def _of_one_function(one: SourceLine | None, other: SourceLine | None) -> bool:
    """Whether two lines are the same line, or belong to one function."""
    if one is None or other is None or one == other:
        return one == other
    same = (one.file, one.function) == (other.file, other.function)
    return same and one.function not in ("", "<module>")


def _is_scratch(seen: WorkerObservations, birth: VariableCreated) -> bool:
    """Whether each replica reads the variable only after it has assigned it itself."""
    accesses = [access for access in seen.accesses if access.variable == birth.number]
    # The first access of each replica: of several entries of one key, a dict keeps the last.
    first = {access.who: access for access in reversed(accesses)}
    assigned = all(each.operation == ASSIGNING for each in first.values())
    read = any(not access.writes for access in accesses)
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
        accesses = _by_replicas(seen[0], birth) if birth.type == TABLE else []
        writes = _writes(accesses)
        replicas = {access.replica for access in writes}
        # Replicas that only insert may insert different keys.
        if len(replicas) > 1 and _reads_what_it_writes(accesses, writes[0]):
            evidence = (
                f"{len(replicas)} replicas of a worker each compute what they insert into the"
                f" {birth.name} from what is in it"
            )
            yield Finding("TB108", birth.place, evidence, writes[0].place)
