"""Finds variables that differ because replicas compute with Python state that each one changes."""

from __future__ import annotations

from testbed.check.observations.seen import VariableCreated, WorkerObservations
from testbed.check.rules.words import distinguishable, name_of
from testbed.verdict.diagnosis import same


def follows_from_state(seen: WorkerObservations, birth: VariableCreated) -> bool:
    """Whether the copies of a variable differ because of a number that each replica changes.

    Only of a variable that a library updates, as an optimizer does: a replica function that writes
    its own copy by itself has a mistake more.
    """
    writes = [each for each in seen.accesses if each.variable == birth.number and each.writes]
    within = [each for each in writes if each.who != "outside"]
    counted = any(each.used for each in seen.changes)
    return counted and bool(within) and all(each.called for each in within)


def consequence_of_state(seen: WorkerObservations) -> str:
    """The values of the first variable that differs for that reason, as the end of a sentence."""
    for birth in seen.births:
        apart = any(not same(copy, birth.copies[0]) for copy in birth.copies)
        if apart and birth.synchronization != "ON_READ" and follows_from_state(seen, birth):
            values = " and ".join(distinguishable(birth.copies))
            return f"; by it the copies of {name_of(birth)} hold {values}"
    return ""
