"""Rules about Python state: replicas change it, a trace keeps it, or a tensor leaks out of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from testbed.check.finding import Finding
from testbed.check.observations.seen import Frozen, SourceLine, Stored, WorkerObservations
from testbed.check.rules.consequences import consequence_of_state
from testbed.check.rules.words import bare, distinguishable
from testbed.verdict.diagnosis import same

# The first trace, one more that creates variables, and a few for shapes of batches.
_TRACES = 5


def changed(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find numbers and lists that the replica function changes."""
    if all(each.replicas < 2 for each in seen):
        return
    for change in seen[0].changes:
        if change.kind == "variable":
            continue
        before, after = distinguishable([change.before, change.after])
        went = f"from {before} to {after}"
        did = f"grew {went} entries" if change.kind == "list" else f"went {went}"
        evidence = f"{change.name} {did} in one step of {seen[0].replicas} replicas"
        evidence += consequence_of_state(seen[0]) if change.used else ""
        yield Finding("TB301", change.place, evidence)


def rebound(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find names of variables to which the replica function binds a tensor."""
    for change in seen[0].changes:
        if change.kind == "variable":
            held = f"{change.name} held the variable '{bare(change.before)}', and holds a tensor"
            yield Finding("TB307", change.place, f"{held} after one step")


def stored(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find names under which each replica, or each worker, stores a different value."""
    within: dict[tuple[str, SourceLine | None], Stored] = {}
    for each in (each for worker in seen for each in worker.stored):
        if not _are_alike(each.values):
            within.setdefault((each.name, each.place), each)
    for each in within.values():
        values = " and ".join(distinguishable(each.values))
        evidence = f"the replicas of a worker store {values} in {each.name} in one step"
        yield Finding("TB305", each.place, evidence, each.use)
    for each in seen[0].stored:
        ends = _last_values(seen, each)
        known = len(ends) == len(seen) and (each.name, each.place) not in within
        if known and not _are_alike(ends):
            evidence = f"the workers store {' and '.join(distinguishable(ends))} in {each.name}"
            yield Finding("TB306", each.place, evidence, each.use)


def _last_values(seen: Sequence[WorkerObservations], stored: Stored) -> list[Any]:
    """The value of the last replica of each worker that stored something there in that run."""
    return [
        other.values[-1]
        for worker in seen
        for other in worker.stored
        if replace(other, values=stored.values) == stored
    ]


def _are_alike(values: Sequence[Any]) -> bool:
    return all(same(value, values[0]) for value in values)


def frozen(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find values that changed after a trace had read them."""
    # TB301 reports these already.
    names = {finding.evidence.partition(" ")[0] for finding in changed(seen)}
    counted = {(each.name, each.file) for each in seen[0].changes if each.name in names}
    for each in seen[0].frozen:
        if each.kind == "draw":
            evidence = f"{each.name} gave a number while {each.function} was traced, and none since"
            yield Finding("TB308", each.place, evidence)
        elif (each.name, each.file) not in counted:
            yield Finding("TB302", each.place, _still_used(each))


def _still_used(each: Frozen) -> str:
    if each.kind == "object":
        return f"{each.name} is another {each.now} than the one that {each.function} still uses"
    if each.now is None or each.traced is None:
        return f"{each.name} has changed, and {each.function} still uses the old value"
    now, traced = distinguishable([each.now, each.traced])
    return f"{each.name} is {now}, and {each.function} still uses {traced}"


def retraced(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find tf.functions that are traced in most of their calls."""
    for each in seen[0].retraced:
        if each.traces > _TRACES and 2 * each.traces > each.calls:
            calls = f"{each.traces} of {each.calls} calls traced {each.function}"
            yield Finding("TB309", each.place, f"{calls}; mostly {each.why} had changed")


def leaked(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find tensors of finished traces."""
    for leak in seen[0].leaks:
        yield Finding("TB303", leak.place, f"{leak.name} holds the symbolic tensor '{leak.tensor}'")


def mixed(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find tf.functions that were called with other variables than they were traced with."""
    for each in seen[0].mixed:
        first, then = bare(each.first), bare(each.then)
        evidence = f"{each.function} was traced with '{first}', and is called with '{then}'"
        yield Finding("TB203", each.place, evidence)
