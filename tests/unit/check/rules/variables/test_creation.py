"""How variables are made and who writes their copies: what is found, and what looks alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.reuse import NotReused
from testbed.check.observations.seen import (
    Access,
    Crossed,
    ProgramError,
    Unused,
    VariableCreated,
    WorkerObservations,
)
from testbed.check.rules.variables.creation import (
    copy_of_another,
    made_every_step,
    not_reused,
    other_order,
    other_order_in_replicas,
    unused,
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


def made_in(
    *steps: int, of: int = 9, older: VariableCreated | None = None, **more: Any
) -> list[tuple[str, int, str]]:
    """What is found of a line that made a variable in each of these steps."""
    births = [
        born(number, step=step, **{"in_step": True, **more}) for number, step in enumerate(steps, 1)
    ]
    writes = [access(ADD, 0, variable=number) for number in range(len(steps) + 1)]
    made = [*([older] if older else []), *births]
    return told(made_every_step([seen_of(*made, accesses=writes, steps=of)]))


def weight(*values: float, **more: Any) -> VariableCreated:
    """A variable that was made before the steps, with its value after steps 1, 2, 4, ..."""
    looks = tuple((2**number, (value, value)) for number, value in enumerate(values))
    return mirrored(0, "weight", 2, **{"looks": looks, **more})


FOUND = [("TB105", 4, "3 steps of 9 made 'steps' anew")]


def test_a_variable_of_every_step() -> None:
    """A line that makes a variable in each run loses what the run before has left in it."""
    assert made_in(1, 2, 3) == FOUND
    assert made_in(1, 3, 5, 7) == [("TB105", 4, "4 steps of 9 made 'steps' anew")]


def test_a_model_for_each_fold() -> None:
    """What is made anew after many steps, twice, or several times in one step is meant so."""
    assert made_in(1, 11, 21, of=30) == []
    assert made_in(1, 2) == []
    assert made_in(1, 1, 1, 1) == []
    assert made_in(0, 0, 0, 0) == []
    assert made_in(0, 1, 2) == []
    assert made_in() == []


@pytest.mark.parametrize(
    ("older", "start", "found"),
    [
        (weight(1.0, 2.0, 3.0), 0.0, FOUND),
        (weight(1.0, 1.0, 5.0), 0.0, []),
        (weight(1.0, 2.0, 3.0), None, []),
        (weight(1, 2, 3, dtype="int64"), 0.0, []),
        (None, 0.0, []),
    ],
    ids=["trained meanwhile", "trained later", "start unknown", "counter", "nothing older"],
)
def test_a_variable_made_between_steps(
    older: VariableCreated | None, start: float | None, found: list[object]
) -> None:
    """Beside a model that is trained meanwhile, and of one start, it is state that gets lost."""
    assert made_in(1, 2, 3, in_step=False, older=older, start=start) == found


def test_a_result_that_is_kept_beside_a_search() -> None:
    """Only what steps write is trained; the best result so far is written outside of them."""
    births = [born(number, step=number, start=0.0) for number in (1, 2, 3)]
    cases: list[tuple[int | str, list[str]]] = [(0, ["TB105"]), ("outside", [])]
    for who, found in cases:
        writes = [access(ADD, who, variable=0)]
        writes += [access(ADD, 0, variable=number) for number in (1, 2, 3)]
        seen = seen_of(weight(1.0, 2.0, 3.0), *births, accesses=writes)
        assert [code for code, _, _ in told(made_every_step([seen]))] == found


def test_a_fresh_model_for_each_candidate_of_a_search() -> None:
    """Candidates start with their own values, or nothing else is trained while they are tried."""
    births = [born(number, step=number, start=float(number), in_step=False) for number in (1, 2, 3)]
    assert told(made_every_step([seen_of(weight(1.0, 2.0, 3.0), *births)])) == []


def test_a_trial_within_each_step() -> None:
    """A replica function that trains what it makes has no state to keep; one that adds once has."""
    births = [born(number, step=number, in_step=True) for number in (1, 2, 3)]
    for count, found in [(1, ["TB105"]), (5, [])]:
        writes = [access(ADD, 0, variable=number, count=count) for number in (1, 2, 3)]
        seen = seen_of(*births, accesses=writes)
        assert [code for code, _, _ in told(made_every_step([seen]))] == found


def test_what_libraries_make_in_steps() -> None:
    """Other parts of a library on one line are no repetition, and without a line nothing is."""
    births = [
        born(step, step=step, in_step=True, libraries=(f"keras/src/{step}.py",))
        for step in (1, 2, 3)
    ]
    assert told(made_every_step([seen_of(*births)])) == []
    assert made_in(1, 2, 3, line=None) == []


def test_a_layer_that_is_made_anew_in_steps() -> None:
    """It is lost state if the rest is kept; else a fresh model may have been built lazily."""
    layer = ("keras/src/layers/core/dense.py",)
    counted = weight(1, 2, 3, dtype="int64")
    assert made_in(1, 2, 3, older=counted, libraries=layer) == FOUND
    assert made_in(1, 2, 3, libraries=layer) == []


def order_of(*names: Any, worker: int = 0, **more: Any) -> Any:
    births = [
        mirrored(number, name, 7 + number, **more) for number, name in enumerate(names) if name
    ]
    return seen_of(*births, worker=worker)


def test_workers_make_variables_in_one_order() -> None:
    """The first variable that is another one elsewhere is told, of each pair once."""
    workers = [order_of("a", "b", "c"), order_of("a", "c", "b", worker=1)]
    evidence = "worker 0 made 'b' where worker 1 made 'c'"
    assert told(other_order(workers)) == [("TB106", 8, evidence)]


def test_a_worker_may_make_too_few_or_too_many() -> None:
    """What only one of two workers makes is told, on whichever side it is."""
    few, many = order_of("a"), order_of("a", "b")
    assert told(other_order([many, replace(few, worker=1)])) == [
        ("TB106", 8, "worker 0 made 'b' where worker 1 made none")
    ]
    assert told(other_order([few, replace(many, worker=1)])) == [
        ("TB106", 8, "worker 0 made none where worker 1 made 'b'")
    ]


def test_shape_and_type_are_a_part_of_the_order() -> None:
    """Variables of one name and another shape or type are not each other's."""
    one = order_of("a")
    assert [code for code, *_ in told(other_order([one, order_of("a", worker=1, shape=(3,))]))] == [
        "TB106"
    ]
    assert [
        code for code, *_ in told(other_order([one, order_of("a", worker=1, dtype="int64")]))
    ] == ["TB106"]


def test_orders_that_are_one() -> None:
    """One worker alone, the same order, and what is outside of the scope are no mistakes."""
    assert told(other_order([order_of("a", "b")])) == []
    assert told(other_order([order_of("a", "b"), order_of("a", "b", worker=1)])) == []
    assert told(other_order([seen_of(born(0)), seen_of(born(0, "other"), worker=1)])) == []


def test_the_first_worker_that_is_there_is_named() -> None:
    """Where worker 0 has left no report, the order is told of the others."""
    workers = [order_of("a", worker=1), order_of("b", worker=2)]
    assert told(other_order(workers)) == [("TB106", 7, "worker 1 made 'a' where worker 2 made 'b'")]


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
    evidence = "it has 2 replicas, and took none of 3 steps; none of 1 written variables was made"
    assert left_aside(born()) == [("TB107", 3, f"{evidence} in its scope")]


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
        "replica 1 makes one at line 20, and gets the one that replica 0 made at line 17"
    )
    (found,) = other_order_in_replicas([seen_of(mixed_up=(Crossed((at(20), at(20)), 1),))])
    assert found.evidence == "replica 1 makes them in another order than replica 0"


def asked_again(
    *seconds: VariableCreated, count: int = 1, asked: str = "reuse=True"
) -> list[tuple[str, int, str]]:
    """What is found of names that should have given the variable of line 4."""
    again = tuple(NotReused(0, each.number, asked, count) for each in seconds)
    return told(not_reused([seen_of(born(0, "w"), *seconds, not_reused=again)]))


def test_a_name_that_gives_another_variable() -> None:
    """The call that asks again is found, with the first line, and both values where they differ."""
    evidence = "the call of line 6 asks by reuse=True for 'w' of line 4, and makes a new variable"
    assert asked_again(born(2, "w", 6)) == [("TB111", 6, evidence)]
    assert asked_again(born(2, "w", 6, copies=())) == [("TB111", 6, evidence)]
    (found,) = asked_again(born(2, "w", 6, copies=(2.0,)))
    assert found[2] == f"{evidence}; in the end they hold 0 and 2"


def test_a_call_that_gives_another_variable_each_time() -> None:
    """It is found once, with the number of variables, and not also as made in every step."""
    again = [born(number, "w", step=number, in_step=True) for number in (1, 2, 3)]
    evidence = "the call of line 4 asks by reuse=AUTO_REUSE for one 'w', and makes 4 variables"
    assert asked_again(again[0], count=3, asked="reuse=AUTO_REUSE") == [("TB111", 4, evidence)]
    seen = seen_of(born(0, "w"), *again, not_reused=(NotReused(0, 1, "reuse=True", 3),))
    assert told(made_every_step([seen])) == []
    assert told(made_every_step([replace(seen, not_reused=())]))
