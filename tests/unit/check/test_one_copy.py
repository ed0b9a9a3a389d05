"""Tables, other strategies, other replicas' copies: what is found, and what looks alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.rules.variables import (
    copy_of_another,
    other_order,
    other_order_in_replicas,
    tables,
    unmirrored,
    unused,
)
from testbed.check.seen import (
    TABLE,
    Access,
    Crossed,
    ProgramError,
    Unused,
    VariableCreated,
    WorkerObservations,
)
from tests.unit.check.builders import (
    ADD,
    ASSIGN,
    READ,
    access,
    at,
    born,
    by_both,
    mirrored,
    seen_of,
    told,
)

FIND, INSERT = "LookupTableFindV2", "LookupTableInsertV2"


def found(*accesses: Access, birth: VariableCreated) -> list[tuple[str, int, str]]:
    """What is found of one variable or table, in one worker."""
    return told(unmirrored([seen_of(birth, accesses=accesses)]))


def table(**more: Any) -> VariableCreated:
    """A lookup table, which is one wherever it is made."""
    return replace(born(type=TABLE, copies=(), **more), name="counts")


def in_table(*accesses: Access, birth: VariableCreated | None = None) -> list[tuple[str, int, str]]:
    """What is found of what replicas do with a table, and of it as of a variable."""
    seen = [seen_of(birth or table(), accesses=accesses)]
    return told([*tables(seen), *unmirrored(seen)])


@pytest.mark.parametrize("in_scope", [False, True])
def test_a_table_that_counts(in_scope: bool) -> None:
    """A table has one copy in the scope as well as outside of it."""
    counted = in_table(*by_both(FIND), *by_both(INSERT), birth=table(in_scope=in_scope))
    evidence = "2 replicas of a worker each compute what they insert into the counts from what is"
    assert counted == [("TB108", 4, f"{evidence} in it")]


def test_a_table_that_is_looked_up_or_filled() -> None:
    """To read a table, and to fill it with what one has, is right."""
    assert in_table(*by_both(FIND)) == []
    assert in_table(*by_both(INSERT)) == []
    assert in_table(*by_both(FIND, line=14), *by_both(INSERT)) == []
    once = [access(FIND, 0), access(INSERT, 0)]
    assert in_table(*once) == []


def test_a_variable_of_another_strategy() -> None:
    """A variable in the scope of one device has one copy for the replicas of another strategy."""
    elsewhere = born(in_scope=True)
    counted = by_both(ADD, deltas=(1, 1), foreign=True)
    evidence = "2 replicas of a worker each add 1 to 'steps' in a step"
    assert found(*counted, birth=elsewhere) == [("TB101", 4, evidence)]
    assert found(*by_both(ADD, deltas=(1, 1)), birth=elsewhere) == []


def written(*accesses: Access, birth: VariableCreated | None = None, **more: Any) -> list[Any]:
    """What is found of who writes which copy of a mirrored variable."""
    seen = seen_of(birth or mirrored(), accesses=accesses, **more)
    return told(copy_of_another([seen]))


def test_a_copy_that_another_replica_writes() -> None:
    """Each replica of a worker has one copy, which it alone writes."""
    assert written(access(ADD, 0), access(ADD, 1, line=16)) == [
        ("TB204", 16, "replica 1 writes replica 0's copy of 'best'")
    ]
    assert written(access(ADD, 2), access(ADD, 3, line=16), worker=1) == [
        ("TB204", 16, "replica 3 writes replica 2's copy of 'best'")
    ]


def test_copies_that_their_own_replicas_write() -> None:
    """To write one's own, to write together, and to read another one's is right."""
    own = [access(ADD, 0), access(ADD, 1, copy=1)]
    assert written(*own) == []
    assert written(access(ADD, 2), access(ADD, 3, copy=1), worker=1) == []
    assert written(access(ADD, "merged", copy=1), access(READ, 1)) == []
    assert written(*by_both(ADD), birth=born()) == []


TRAINED = access(ASSIGN, "outside")


def left_aside(*births: VariableCreated, **more: Any) -> list[tuple[str, int, str]]:
    """What is found of a strategy that ran nothing."""
    given = {"accesses": [TRAINED], "unused": (Unused("MirroredStrategy", 2, at(3)),), **more}
    return told(unused([seen_of(*births, **given)]))


def test_a_strategy_that_nothing_is_trained_under() -> None:
    """The model was made and compiled outside of the scope."""
    evidence = "1 variables are written, none of them of its scope, and none of 3 steps is one of"
    assert left_aside(born()) == [("TB107", 3, f"{evidence} its 2 replicas")]


def test_strategies_that_may_be_left_aside() -> None:
    """One of one replica, one beside another that trains, one of a program that trains nothing."""
    assert left_aside(born(), unused=(Unused("MirroredStrategy", 1, at(3)),)) == []
    assert left_aside(born(), mirrored(1)) == []
    assert left_aside(born(), accesses=[access(READ, "outside")]) == []
    assert left_aside(born(), steps=0) == []
    assert left_aside(born(), raised=ProgramError("ValueError", "boom", None)) == []
    assert told(unused([WorkerObservations()])) == []


def started(*values: Any, worker: int = 0) -> WorkerObservations:
    """A worker that made variables of one name with these initial values."""
    births = (mirrored(number, "Variable", 7, start=value) for number, value in enumerate(values))
    return seen_of(*births, worker=worker)


def test_an_order_that_initial_values_tell() -> None:
    """Variables of one name and shape are told apart by what the author gave them."""
    evidence = "worker 0 made 'Variable' of 100 where worker 1 made 'Variable' of 200"
    both = [started(100.0, 200.0), started(200.0, 100.0, worker=1)]
    assert told(other_order(both)) == [("TB106", 7, evidence)]


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ((100.0,), (200.0,)),
        ((None, None), (None, None)),
        ((0.0, 1.0), (0.0, 1.0)),
        ((1.0, None), (None, 1.0)),
    ],
)
def test_initial_values_that_tell_no_order(mine: tuple[Any, ...], others: tuple[Any, ...]) -> None:
    """A value of one's own is broadcast over, as it may be meant; functions are told by nobody."""
    assert told(other_order([started(*mine), started(*others, worker=1)])) == []


def test_replicas_that_make_variables_in_another_order() -> None:
    """The line of the other replica is the cause, and that of the first stands beside it."""
    (found,) = other_order_in_replicas([seen_of(mixed_up=(Crossed((at(17), at(20)), 1),))])
    assert (found.code, found.place, found.use) == ("TB109", at(20), at(17))
    assert found.evidence == (
        "replica 1 makes at line 20 what replica 0 makes elsewhere, and gets the"
        " variable of line 17"
    )
