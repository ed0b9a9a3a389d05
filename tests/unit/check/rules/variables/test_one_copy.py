"""Variables and tables of one copy that replicas use: what is found, and what looks alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.operations import SAME, TABLE
from testbed.check.observations.seen import Access, SourceLine, VariableCreated
from testbed.check.rules.variables.one_copy import tables, unmirrored
from tests.unit.check.builders import (
    ADAM,
    ADD,
    ASSIGN,
    FILE,
    KERAS_METRIC,
    KERAS_SEED,
    READ,
    SUBTRACT,
    access,
    at,
    born,
    by_both,
    mirrored,
    seen_of,
    told,
)

FIND, INSERT = "LookupTableFindV2", "LookupTableInsertV2"


def found(
    *accesses: Access, birth: VariableCreated | None = None, **more: Any
) -> list[tuple[str, int, str]]:
    """What is found of one variable outside of the scope, in one worker."""
    return told(unmirrored([seen_of(birth or born(), accesses=accesses, **more)]))


def used_only(verb: str = "write", name: str = "steps") -> list[tuple[str, int, str]]:
    """The warning of a variable of which nothing worse is known."""
    evidence = f"replicas {verb} '{name}', of which there is one copy on each worker"
    return [("TB103", 4, evidence)]


@pytest.mark.parametrize(
    ("operation", "deltas", "evidence"),
    [
        (ADD, (1, 1), "2 replicas of a worker each add 1 to 'steps' in a step"),
        (ADD, (1.0, 1.0), "2 replicas of a worker each add 1 to 'steps' in a step"),
        (ADD, (SAME, SAME), "2 replicas of a worker each add the same to 'steps' in a step"),
        (ADD, (SAME, 1), "2 replicas of a worker each add 1 to 'steps' in a step"),
        (SUBTRACT, (1, 1), "2 replicas of a worker each subtract 1 from 'steps' in a step"),
        (
            SUBTRACT,
            (SAME, SAME),
            "2 replicas of a worker each subtract the same from 'steps' in a step",
        ),
    ],
)
def test_a_counter_is_counted_per_replica(
    operation: str, deltas: tuple[Any, Any], evidence: str
) -> None:
    """Two replicas that add what no data decides count each step twice."""
    assert found(*by_both(operation, deltas=deltas)) == [("TB101", 4, evidence)]


def test_the_place_of_use_is_where_it_is_written() -> None:
    """The finding stands where the variable is made, and shows where replicas write it."""
    accesses = [access(READ, 0, line=14), *by_both(ADD, deltas=(1, 1), line=16)]
    (finding,) = unmirrored([seen_of(born(), accesses=accesses)])
    assert (finding.place, finding.use) == (at(4), at(16))


def test_what_is_found_may_have_no_line() -> None:
    """Where a library made and writes a variable by itself, it is found without a place."""
    (finding,) = unmirrored(
        [seen_of(born(line=None), accesses=by_both(ADD, deltas=(1, 1), line=None))]
    )
    assert (finding.code, finding.place, finding.use) == ("TB101", None, None)


@pytest.mark.parametrize("deltas", [(None, None), (1, None), (32, 32), (0.5, 1.5), ([1, 1], [1])])
def test_each_replica_may_add_its_share(deltas: tuple[Any, Any]) -> None:
    """The sum of what the data of each replica gives is what one may have meant."""
    assert found(*by_both(ADD, deltas=deltas)) == used_only()


def test_one_replica_counts_once() -> None:
    """Where each worker has one replica, and only one replica writes, nothing is counted twice."""
    assert found(access(ADD, 0, delta=1), replicas=1) == []
    assert found(access(ADD, 0, delta=1)) == used_only()


def test_one_replica_on_each_of_two_workers_is_a_warning() -> None:
    """Each worker counts its own steps: right, as long as nothing else writes."""
    workers = [
        seen_of(born(), accesses=[access(ADD, worker, delta=1)], worker=worker, replicas=1)
        for worker in range(2)
    ]
    assert told(unmirrored(workers)) == used_only()


@pytest.mark.parametrize("who", ["merged", "outside"])
def test_what_is_done_for_all_replicas_is_done_once(who: str) -> None:
    """What is written in a merge call or beside the steps is not written by each replica."""
    assert found(access(ADD, who, delta=1), access(READ, who)) == []


def test_variables_of_the_scope_are_left_alone() -> None:
    """A variable of the scope is counted by its aggregation, whether mirrored or of one device."""
    counts = by_both(ADD, deltas=(1, 1))
    assert found(*counts, birth=mirrored()) == []
    assert found(*counts, birth=born(in_scope=True)) == []
    assert found(*counts, birth=mirrored(in_scope=False)) == []


@pytest.mark.parametrize(
    "birth",
    [
        born(type="StateVar"),
        born(libraries=KERAS_SEED),
        born(libraries=("tf_keras/src/backend.py",)),
    ],
)
def test_generators_of_random_numbers_are_left_alone(birth: VariableCreated) -> None:
    """Every replica draws from a generator outside of the scope, as it should."""
    assert found(*by_both(ADD, deltas=(1, 1)), birth=birth) == []


def test_only_what_replicas_use_counts() -> None:
    """What another variable is used for does not make this one wrong."""
    assert found(*by_both(ADD, deltas=(1, 1), variable=9)) == []


def counted(count: VariableCreated, *sums: Access) -> list[str]:
    """What is found of a count that stands beside a sum, and is added to where the sum is."""
    total = born(0, "total", place=at(4, "__init__"))
    add = SourceLine(FILE, 15, "update")
    both = [replace(each, place=add) for each in (*sums, *by_both(ADD, deltas=(1, 1), variable=1))]
    found = unmirrored([seen_of(total, count, accesses=both)])
    return [code for code, *_ in told(found)]


def test_a_mean_divides_by_its_count() -> None:
    """Sum and count of a mean are both counted per replica, and their quotient is right."""
    own_line = born(1, "count", place=at(5, "__init__"))
    assert counted(own_line, *by_both(ADD)) == ["TB103", "TB103"]
    one_line = born(1, "count", place=at(4, "__init__"))
    assert counted(one_line, *by_both(ADD)) == ["TB103", "TB103"]


def test_a_count_without_a_sum_is_counted_per_replica() -> None:
    """What nothing is divided by, or something elsewhere, counts replicas."""
    own_line = born(1, "count", place=at(5, "__init__"))
    assert counted(own_line, *by_both(ADD, deltas=(1, 1))) == ["TB101", "TB101"]
    assert counted(own_line) == ["TB101"]
    assert counted(born(1, "count", place=at(5, "build")), *by_both(ADD)) == ["TB103", "TB101"]
    in_scope = mirrored(0, "total", place=at(4, "__init__"))
    accesses = [*by_both(ADD), *by_both(ADD, deltas=(1, 1), variable=1)]
    beside = seen_of(in_scope, own_line, accesses=accesses)
    assert [code for code, *_ in told(unmirrored([beside]))] == ["TB101"]
    of_a_library = born(1, "count", libraries=KERAS_METRIC, place=at(4, "__init__"))
    assert counted(of_a_library, *by_both(ADD)) == ["TB103", "TB101"]
    module = born(1, "count", place=at(5, "<module>"))
    assert counted(module, *by_both(ADD)) == ["TB103", "TB101"]


def test_what_is_added_to_itself() -> None:
    """What a graph computes from the variable's own value is no share, and the rest is one."""
    what = "2 replicas of a worker each change 'steps' by what they have computed from its value"
    assert found(*by_both(ADD, own=True)) == [("TB101", 4, what)]
    reads = by_both(READ, line=12)
    assert found(*by_both(ADD, own=False), *reads) == used_only()
    assert found(*by_both(ADD), *reads) == [("TB101", 4, what)]


@pytest.mark.parametrize("operation", [ADAM, "ResourceSparseApplyAdagradV2"])
def test_an_optimizer_applies_each_replica_s_gradients(operation: str) -> None:
    """A weight outside of the scope is trained by every replica, one after the other."""
    evidence = "2 replicas of a worker each apply their gradients to 'steps', which has one copy"
    assert found(*by_both(operation)) == [("TB101", 4, evidence)]


def test_adding_what_is_computed_of_the_value_itself() -> None:
    """A moving average that is added to by each replica moves twice."""
    evidence = (
        "2 replicas of a worker each change 'steps' by what they have computed from its value"
    )
    assert found(*by_both(READ, line=12), *by_both(SUBTRACT)) == [("TB101", 4, evidence)]


def test_assigning_what_is_read_on_that_line_is_counting() -> None:
    """`steps.assign(steps + 1)` counts per replica."""
    evidence = (
        "2 replicas of a worker each compute 'steps' anew from its own value, one after the other"
    )
    assert found(*by_both(READ), *by_both(ASSIGN)) == [("TB101", 4, evidence)]


def test_assigning_what_is_read_elsewhere_is_the_last_replica_s() -> None:
    """A variable that is assigned, and read on another line, holds what the last one assigned."""
    evidence = "2 replicas of a worker each assign 'steps', which has one copy"
    assert found(*by_both(ASSIGN)) == [("TB102", 4, evidence)]
    assert found(*by_both(READ, line=12), *by_both(ASSIGN)) == [("TB102", 4, evidence)]


def test_rows_and_scratch_are_only_used() -> None:
    """Rows may be each replica's own, and what is assigned before it is read is for nobody else."""
    assert found(*by_both("ResourceScatterUpdate")) == used_only()
    scratch = [*by_both(ASSIGN), *by_both(READ, line=16)]
    assert found(*scratch) == used_only()
    evidence = "2 replicas of a worker each assign 'steps', which has one copy"
    read_after = [*scratch, access(READ, "outside", line=30)]
    assert found(*read_after) == [("TB102", 4, evidence)]


def test_one_replica_may_assign() -> None:
    """What a single replica assigns is not overwritten by another one."""
    assert found(access(ASSIGN, 0)) == used_only()


def test_reading_is_a_warning() -> None:
    """What replicas only read is the same for all, and works by luck."""
    assert found(*by_both(READ)) == used_only("read")
    assert found(*by_both("ResourceGather")) == used_only("read")


def test_nobody_else_reads_on_one_replica() -> None:
    """Where there is one replica in all, one copy is what there should be."""
    assert found(access(READ, 0), replicas=1) == []


def workers_that_hold(*values: Any, **more: Any) -> list[tuple[str, int, str]]:
    """What is found of a variable that replicas read, with a value on each worker."""
    return told(
        unmirrored(
            [
                seen_of(born(copies=each, **more), accesses=[access(READ, worker)], worker=worker)
                for worker, each in enumerate(values)
            ]
        )
    )


def test_workers_may_hold_other_values() -> None:
    """A random start outside of the scope is another one on each worker."""
    evidence = "'steps' ends as 0.25 | 3 on the workers"
    assert workers_that_hold((0.25,), (3.0,)) == [("TB104", 4, evidence)]


def test_values_that_differ_show_how() -> None:
    """Values that look alike in four digits, and long ones, are told by what differs."""
    assert workers_that_hold((1.00001,), (1.00005,)) == [
        ("TB104", 4, "'steps' ends as 1.00001 | 1.00005 on the workers")
    ]
    long = [0.125] * 30
    ((_, _, evidence),) = workers_that_hold(([*long, 1.0],), ([*long, 2.0],))
    assert evidence == "'steps' ends as [..., 1, ...] | [..., 2, ...] on the workers"


@pytest.mark.parametrize(
    "values",
    [
        ((1.0,), (1.0 + 1e-9,)),
        (("nan",), ("nan",)),
        ((), ()),
        ((0.25,), ()),
        (([],), ([],)),
    ],
)
def test_workers_that_agree_as_far_as_is_known(values: tuple[Any, Any]) -> None:
    """Noise, what is no number on all workers, and what could not be read are no differences."""
    assert workers_that_hold(*values) == used_only("read")


def test_a_variable_that_another_worker_lacks() -> None:
    """What only one worker makes has nothing to differ from."""
    one = seen_of(born(copies=(0.25,)), accesses=by_both(READ))
    assert told(unmirrored([one, seen_of(worker=1)])) == used_only("read")


def test_what_a_worker_makes_besides_shifts_nothing() -> None:
    """Variables are held against those of the same line, whatever was made before them."""
    one = seen_of(born(0, copies=(0.25,)), accesses=by_both(READ))
    two = seen_of(born(0, "own", 2, copies=(9.0,)), born(1, copies=(0.25,)), worker=1)
    assert told(unmirrored([one, two])) == used_only("read")


def test_counting_comes_before_differing() -> None:
    """A counter of which each worker has another value is a counter first."""
    workers = [
        seen_of(born(copies=(each,)), accesses=by_both(ADD, deltas=(1, 1)), worker=worker)
        for worker, each in enumerate((2.0, 4.0))
    ]
    assert [code for code, *_ in told(unmirrored(workers))] == ["TB101"]


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


def test_a_variable_without_a_name_is_told_by_its_line() -> None:
    """TensorFlow and Keras call every such variable by one name."""
    for name in ("Variable", "variable_3"):
        ((_, _, evidence),) = found(*by_both(ADD, deltas=(1, 1)), birth=born(name=name))
        assert evidence.startswith("2 replicas of a worker each add 1 to the variable of line 4 ")
    ((_, _, evidence),) = found(*by_both(ADD, deltas=(1, 1)), birth=born(name="Variable_count"))
    assert "add 1 to 'Variable_count' in" in evidence
