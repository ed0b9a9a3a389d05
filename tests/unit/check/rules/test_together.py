"""Collectives that do not fit, replicas that meet at other lines, and truth tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.check.observations.seen import (
    Collective,
    Crossed,
    ProgramError,
    SourceLine,
    Truth,
    WorkerObservations,
)
from testbed.check.rules.together import collectives, crossed, met_another, truths
from tests.unit.check.builders import at, made, seen_of, told


def together(*workers: list[Collective]) -> list[tuple[str, int, str]]:
    """What is found of the collectives of each worker."""
    return told(
        collectives(
            [seen_of(collectives=tuple(each), worker=at) for at, each in enumerate(workers)]
        )
    )


def test_workers_make_the_same_collectives() -> None:
    """The same collectives in the same order, none at all, and one worker alone are right."""
    assert together([made(3), made(4)], [made(3), made(4)]) == []
    assert together([], []) == []
    assert together([made(3)]) == []
    assert together([made(None)], [made(None)]) == []


def test_another_order() -> None:
    """The first collective that differs is told, where worker 0 makes it, and no later one."""
    evidence = "collective 2 is of line 4 on worker 0, and of line 5 on worker 1"
    assert together([made(3), made(4), made(5)], [made(3), made(5), made(4)]) == [
        ("TB402", 4, evidence)
    ]


def test_one_too_many() -> None:
    """A collective that only one worker makes is told, on whichever side it is."""
    assert together([made(3), made(4)], [made(3)]) == [
        ("TB402", 4, "collective 2 is of line 4 on worker 0, and of nothing on worker 1")
    ]
    assert together([made(3)], [made(3), made(4)]) == [
        ("TB402", 4, "collective 2 is of nothing on worker 0, and of line 4 on worker 1")
    ]


def test_the_worker_that_differs_is_named() -> None:
    """Of several workers the first that differs from worker 0 is told."""
    evidence = "collective 1 is of line 3 on worker 0, and of line 9 on worker 2"
    assert together([made(3)], [made(3)], [made(9)], [made(8)]) == [("TB402", 3, evidence)]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (made(3, shape="(4,)"), "CollectiveReduceV2 of float32 (4,)"),
        (made(3, dtype="int64"), "CollectiveReduceV2 of int64 (3,)"),
        (made(3, operation="CollectiveGatherV2"), "CollectiveGatherV2 of float32 (3,)"),
    ],
)
def test_one_line_may_make_other_collectives(other: Collective, what: str) -> None:
    """Where the line is the same, the operation, type and shape are told."""
    evidence = (
        "collective 1 is of line 3 (CollectiveReduceV2 of float32 (3,)) on worker 0,"
        f" and of line 3 ({what}) on worker 1"
    )
    assert together([made(3)], [other]) == [("TB402", 3, evidence)]


def test_one_line_number_in_two_files() -> None:
    """Where only the files differ, these are told."""
    other = replace(made(3), place=SourceLine("/home/me/data.py", 3))
    evidence = (
        "collective 1 is of line 3 of train.py on worker 0, and of line 3 of data.py on worker 1"
    )
    assert together([made(3)], [other]) == [("TB402", 3, evidence)]


def test_a_collective_of_a_library() -> None:
    """A collective without a line of the author's is still one."""
    evidence = "collective 1 is of a library's line on worker 0, and of line 3 on worker 1"
    assert together([made(None)], [made(3)]) == [("TB402", 0, evidence)]


def test_the_first_worker_that_is_there_is_named() -> None:
    """Where worker 0 has left no report, the others are held against each other."""
    workers = [seen_of(collectives=(made(line),), worker=line) for line in (1, 2)]
    assert told(collectives(workers)) == [
        ("TB402", 1, "collective 1 is of line 1 on worker 1, and of line 2 on worker 2")
    ]


def test_collectives_of_workers_that_failed_are_not_compared() -> None:
    """Who raised made fewer of them, which is a consequence."""
    one = seen_of(collectives=(Collective("reduce", "()", "float32", at(5)),))
    other = seen_of(worker=1, raised=ProgramError("ValueError", "boom", at(4)))
    assert told(collectives([one, other])) == []


def by(line: int, *lines: int) -> Collective:
    """A collective of one helper, reached by these lines."""
    return replace(made(line), by=tuple(at(each) for each in lines))


def order(mine: list[Collective], others: list[Collective]) -> list[tuple[str, int, str]]:
    """What is found of the collectives of two workers."""
    workers = [seen_of(collectives=tuple(mine)), seen_of(collectives=tuple(others), worker=1)]
    return told(collectives(workers))


def test_workers_that_reach_a_collective_by_other_lines() -> None:
    """What one helper reduces is told apart by who called it, where both workers call both."""
    evidence = "collective 1 is of line 40 on worker 0, and of line 50 on worker 1"
    swapped = order([by(24, 40), by(24, 50)], [by(24, 50), by(24, 40)])
    assert swapped == [("TB402", 24, evidence)]


def test_a_branch_for_the_chief_may_reduce_the_same() -> None:
    """Where each worker comes by a line of its own, that may be the same reduction."""
    assert order([by(24, 40), by(24, 60)], [by(24, 50), by(24, 60)]) == []
    assert order([by(24, 40), by(24, 40)], [by(24, 50), by(24, 50)]) == []


def test_replicas_that_meet_at_other_lines() -> None:
    """The line of replica 0 is the place, and that of the other one is told beside it."""
    seen = seen_of(crossed=(Crossed((at(30), at(32)), 1),))
    (found,) = crossed([seen])
    assert (found.code, found.place, found.use) == ("TB403", at(30), at(32))
    assert found.evidence == "replica 0 is at line 30 where replica 1 is at line 32"
    assert told(crossed([replace(seen, raised=ProgramError("ValueError", "boom", None))])) == []


def test_a_truth_that_is_none() -> None:
    """What has several values is taken for true, on one replica as well, where it is right."""
    seen = seen_of(truths=(Truth("PerReplica", at(33)),))
    evidence = "a PerReplica is taken for true, whatever it holds"
    assert told(truths([seen])) == [("TB503", 33, evidence)]
    assert told(truths([replace(seen, replicas=1)])) == []


def traced(number: int, *lines: int) -> list[Collective]:
    """One trace, with a collective at each line."""
    return [replace(made(line), trace=number) for line in lines]


def test_traces_may_come_in_any_order_and_again() -> None:
    """What is traced is run later, and as often as its worker likes."""
    train, evaluate = traced(1, 24, 25), traced(2, 40)
    again = traced(3, 24, 25)
    assert order([*train, *evaluate], [*traced(1, 40), *traced(2, 24, 25)]) == []
    assert order([*train, *evaluate, *again], [*train, *evaluate]) == []


def test_a_trace_that_is_another_one_elsewhere() -> None:
    """Within one trace the order counts, and a trace that only one worker has is told."""
    evidence = "collective 1 is of line 24 on worker 0, and of line 25 on worker 1"
    assert order(traced(1, 24, 25), traced(1, 25, 24)) == [("TB402", 24, evidence)]
    alone = "collective 1 is of line 40 on worker 0, and of nothing on worker 1"
    assert order([*traced(1, 24), *traced(2, 40)], traced(1, 24)) == [("TB402", 40, alone)]
    other = "collective 1 is of nothing on worker 0, and of line 40 on worker 1"
    assert order(traced(1, 24), [*traced(1, 24), *traced(2, 40)]) == [("TB402", 40, other)]


OF_COLLECTIVES = "Collective ops is aborted by: Collective instance 7 expected data_type 1"


def failing(
    worker: int, *lines: int, steps: int, reads: str = "", message: str = OF_COLLECTIVES
) -> WorkerObservations:
    """A worker that failed in a collective after collectives of these lines, one in each step."""
    each = [replace(made(line), step=step, reads="") for step, line in enumerate(lines, 1)]
    if reads:
        each[-1] = replace(each[-1], reads=reads)
    raised = ProgramError("InternalError", message, at(9))
    return seen_of(collectives=tuple(each), worker=worker, steps=steps, raised=raised)


def test_a_collective_of_one_worker_alone_made_all_fail() -> None:
    """The line that only one worker reached is found, on whichever side, and what it reads."""
    evidence = (
        "worker 0 runs a collective here after step 2, and worker 1 does not: all workers must"
        " take part in reading 'seen', an ON_READ variable"
    )
    alone = failing(0, 3, 4, steps=2, reads="seen:0")
    assert told(collectives([alone, failing(1, 3, steps=3)])) == [("TB402", 4, evidence)]
    assert told(collectives([alone, failing(1, 3, 3, steps=2)])) == [("TB402", 4, evidence)]
    ((_, line, _),) = told(collectives([failing(0, 3, 3, steps=2), failing(1, 3, 4, steps=2)]))
    assert line == 4


def test_a_failure_that_no_collective_caused() -> None:
    """A worker that failed before it got there left nothing out; other errors say nothing."""
    assert told(collectives([failing(0, 3, 4, steps=2), failing(1, 3, steps=2)])) == []
    assert told(collectives([failing(0, 3, steps=1), failing(1, 3, steps=1)])) == []
    other = failing(1, 3, steps=3, message="out of memory")
    assert told(collectives([replace(other, worker=0), other])) == []


def test_only_one_worker_could_report() -> None:
    """The reading of an ON_READ variable is found, or else the line where the other one waits."""
    reading = failing(1, 3, 4, steps=2, reads="seen:0")
    ((code, line, _),) = told(collectives([reading]))
    assert (code, line) == ("TB402", 4)
    assert told(met_another([reading], 0, at(30))) == []
    evidence = (
        "worker 0 waits here in a collective, which is paired with another one of worker 1 at"
        " line 9"
    )
    assert told(met_another([failing(1, 3, steps=2)], 0, at(30))) == [("TB402", 30, evidence)]
    assert told(met_another([failing(1, 3, steps=2, message="no")], 0, at(30))) == []


def test_workers_failed_and_waited_in_one_collective() -> None:
    """The error may come from the line that runs the replicas; a stack knows no functions."""
    failed = failing(1, 3, steps=2)
    assert failed.raised is not None
    assert failed.raised.place is not None
    place = failed.raised.place
    failed = replace(failed, raised=replace(failed.raised, place=replace(place, function="step")))
    assert told(met_another([failed], 0, place)) == []
    assert told(met_another([failed], 0, at(30), [at(30), place])) == []
    assert told(met_another([failed], 0, at(30), [at(30), at(31)])) != []
