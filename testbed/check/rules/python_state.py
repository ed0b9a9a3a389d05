"""Python state: what replicas change, what a trace has kept, what was taken out of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.rules.words import bare, told_apart
from testbed.check.seen import Seen


def changed(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Numbers and lists that the replica function changes."""
    if all(each.replicas < 2 for each in seen) and len(seen) < 2:
        return
    for change in seen[0].changes:
        before, after = told_apart([change.before, change.after])
        went = f"from {before} to {after}"
        told = f"grew {went} entries" if change.kind == "list" else f"went {went}"
        replicas = seen[0].replicas
        several = f"{replicas} replica{'s' * (replicas > 1)}"
        evidence = f"{change.name} {told} in one step of {several}"
        yield Finding("TB301", change.place, evidence)


def frozen(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Numbers that changed after a trace."""
    changed_by_replicas = {change.name for change in seen[0].changes}
    for each in seen[0].frozen:
        if each.name in changed_by_replicas:
            # That it changes there is the finding.
            continue
        now, traced = told_apart([each.now, each.traced])
        told = f"{each.name} is {now}, and {each.function} goes on with {traced}"
        yield Finding("TB302", each.place, told)


def leaked(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Tensors of finished traces."""
    for leak in seen[0].leaks:
        yield Finding("TB303", leak.place, f"{leak.name} holds the symbolic tensor '{leak.tensor}'")


def mixed(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Variables that were passed to a tf.function in turn."""
    for each in seen[0].mixed:
        first, then = bare(each.first), bare(each.then)
        told = f"{each.function} was traced with '{first}', and is called with '{then}'"
        yield Finding("TB203", each.place, told)
