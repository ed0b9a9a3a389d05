"""Variables that a thread makes while another thread is in a strategy's scope."""

from __future__ import annotations

import pytest

from testbed.check.observations.seen import Access, ProgramError
from testbed.check.rules.variables.one_copy import unmirrored
from tests.unit.check.builders import ADD, ASSIGN, READ, at, born, by_both, seen_of, told

SCOPE = at(17)
MADE = (
    "'steps' was made in a thread that had entered no scope, while another thread was in this one"
)


@pytest.mark.parametrize(
    "accesses",
    [by_both(ADD, deltas=(1, 1)), by_both(ASSIGN)],
    ids=["counted", "assigned"],
)
def test_a_scope_does_not_reach_another_thread(accesses: list[Access]) -> None:
    """What replicas spoil is told of the scope, with the line of the variable beside it."""
    seen = seen_of(born(other_scope=SCOPE), accesses=accesses)
    found = list(unmirrored([seen]))
    assert told(found) == [("TB110", 17, MADE)]
    assert found[0].use == at(4)


def test_what_is_only_read_stays_a_warning() -> None:
    """It is right as long as replicas only read it; why it has one copy is told, too."""
    found = told(unmirrored([seen_of(born(other_scope=SCOPE), accesses=by_both(READ))]))
    evidence = (
        "replicas read 'steps', of which there is one copy on each worker; it was made in a thread"
        " that had not entered the scope of line 17"
    )
    assert found == [("TB103", 4, evidence)]


def test_one_cause_is_told_once() -> None:
    """What is only read is told with what is spoilt by the same scope."""
    births = born(other_scope=SCOPE), born(1, "scale", 5, other_scope=SCOPE)
    accesses = [*by_both(ADD, deltas=(1, 1)), *by_both(READ, variable=1)]
    found = told(unmirrored([seen_of(*births, accesses=accesses)]))
    assert found == [("TB110", 17, MADE), ("TB110", 17, MADE.replace("steps", "scale"))]


def test_what_is_refused_is_an_error() -> None:
    """Where the program has failed, a variable that replicas only read may be why."""
    problem = ProgramError("AssertionError", "", at(39))
    seen = seen_of(born(other_scope=SCOPE), accesses=by_both(READ), raised=problem)
    assert told(unmirrored([seen])) == [("TB110", 17, MADE)]


def test_what_replicas_do_not_use_is_left_alone() -> None:
    """A thread may make variables of its own."""
    assert told(unmirrored([seen_of(born(other_scope=SCOPE))])) == []
