"""What workers have to do together, and what TensorFlow refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from testbed.check.finding import Finding
from testbed.check.seen import Collective, Seen

_PER_REPLICA = (
    "you are using a PerReplica object while not inside a replica context",
    "'PerReplica' and",
    "and 'PerReplica'",
    "Attempt to convert a value (PerReplica",
    "not 'PerReplica'",
)

_REJECTED = (
    "merge_call",
    "Mixing different tf.distribute.Strategy objects",
    "colocate_vars_with",
    'Need to be inside "with strategy.scope()"',
    "cannot be reduced with the given reduce op",
    "in cross-replica context",
    "Method requires being in",
    "Must not nest tf.distribute.Strategy scopes",
    "DistributedVariable",
    "tf.distribute",
    "mismatching name on device",
    "Trying to access resource",
    "Collective ops must be configured at program startup",
    "distributed strategy",
)


def collectives(seen: Sequence[Seen]) -> Iterator[Finding]:
    """The collectives of each worker, in order."""
    for other in seen[1:]:
        for number, (one, two) in enumerate(zip_longest(seen[0].collectives, other.collectives)):
            alike = one and two and (one.operation, one.shape, one.dtype, one.place) == (
                two.operation, two.shape, two.dtype, two.place
            )  # fmt: skip
            if alike:
                continue
            first = one or two
            if first is None:
                break
            mine, others = _line(one), _line(two)
            evidence = (
                f"collective {number + 1} is of {mine} on worker 0, and of {others}"
                f" on worker {other.worker}"
            )
            yield Finding("TB402", first.place, evidence)
            return


def _line(collective: Collective | None) -> str:
    return f"line {collective.place.line}" if collective and collective.place else "nothing"


def raised(seen: Sequence[Seen]) -> Iterator[Finding]:
    """An exception that replication is the reason of."""
    for each in seen:
        problem = each.raised
        if problem is None:
            continue
        line = next((line for line in problem.message.splitlines() if line.strip()), "")[:200]
        told = f"{problem.type}: {line}" if line else f"{problem.type} with an empty message"
        if any(part in problem.message for part in _PER_REPLICA):
            yield Finding("TB304", problem.place, told)
        elif any(part in problem.message for part in _REJECTED) or (
            problem.type == "AssertionError" and not problem.message
        ):
            yield Finding("TB501", problem.place, told)
        else:
            continue
        return
