"""Python state of replica functions and traces: what is found, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.finding import NOTE
from testbed.check.judge import judge
from testbed.check.observations.seen import (
    Frozen,
    StateChange,
    Stored,
    WorkerObservations,
)
from testbed.check.observations.traces import Leak, Mixed, Retraced
from testbed.check.rules.python_state import (
    changed,
    frozen,
    leaked,
    mixed,
    rebound,
    retraced,
    stored,
)
from tests.unit.check.builders import (
    ASSIGN,
    SUBTRACT,
    access,
    at,
    mirrored,
    seen_of,
    told,
)

STEPS = StateChange("STEPS", "number", 0, 2, at(20))
RATE = Frozen("RATE", 0.1, 0.01, at(21), "train")


def test_a_number_that_replicas_change() -> None:
    """A number is told with its values before and after a step."""
    assert told(changed([seen_of(changes=(STEPS,))])) == [
        ("TB301", 20, "STEPS went from 0 to 2 in one step of 2 replicas")
    ]


def test_a_list_that_replicas_make_grow() -> None:
    """A list is told with its lengths."""
    grown = StateChange("self.losses", "list", 1, 3, at(22))
    assert told(changed([seen_of(changes=(grown,))])) == [
        ("TB301", 22, "self.losses grew from 1 to 3 entries in one step of 2 replicas")
    ]


def test_numbers_that_differ_show_how() -> None:
    """A large number that changes a little is told in as many digits as that takes."""
    total = StateChange("total", "number", 12345.5, 12346.5, at(20))
    assert told(changed([seen_of(changes=(total,))])) == [
        ("TB301", 20, "total went from 12345.5 to 12346.5 in one step of 2 replicas")
    ]
    rate = Frozen("rate", 0.1, 0.10000012, at(21), "train")
    assert told(frozen([seen_of(frozen=(rate,))])) == [
        ("TB302", 21, "rate is 0.10000012, and train still uses 0.1")
    ]


def test_each_change_is_told() -> None:
    """Every name that changes is a finding, with a line or without one."""
    other = StateChange("self.seen", "number", 1.5, 2.5, None)
    assert [line for _, line, _ in told(changed([seen_of(changes=(STEPS, other))]))] == [20, 0]


def test_without_replication_state_may_change() -> None:
    """One replica of one worker runs its function once."""
    assert told(changed([seen_of(changes=(STEPS,), replicas=1)])) == []


def test_workers_are_told_once() -> None:
    """What several workers count per replica is told by the first of them."""
    workers = [seen_of(changes=(STEPS,), worker=worker) for worker in range(2)]
    assert told(changed(workers)) == [
        ("TB301", 20, "STEPS went from 0 to 2 in one step of 2 replicas")
    ]


def test_workers_of_one_replica_each() -> None:
    """Where each worker has one replica, it counts its own steps, as it should."""
    workers = [seen_of(changes=(STEPS,), replicas=1, worker=worker) for worker in range(2)]
    assert told(changed(workers)) == []


def test_a_number_that_a_trace_has_kept() -> None:
    """What a number is now, which function goes on with the old one, and where it reads it."""
    assert told(frozen([seen_of(frozen=(RATE,))])) == [
        ("TB302", 21, "RATE is 0.01, and train still uses 0.1")
    ]


def test_what_replicas_change_themselves_is_told_once() -> None:
    """A number that a replica function changes is also frozen in its trace: one finding."""
    kept = Frozen("STEPS", 0, 2, at(21), "train")
    seen = seen_of(changes=(STEPS,), frozen=(kept, RATE))
    assert [evidence.split()[0] for _, _, evidence in told(frozen([seen]))] == ["RATE"]
    assert [code for code, *_ in told(changed([seen]))] == ["TB301"]


def test_what_is_not_told_as_a_change_is_told_as_frozen() -> None:
    """Without replication, and where only the name is the same, the trace is the finding."""
    kept = Frozen("STEPS", 0, 2, at(21), "train")
    alone = seen_of(changes=(STEPS,), frozen=(kept,), replicas=1)
    assert [line for _, line, _ in told(frozen([alone]))] == [21]
    other = seen_of(changes=(STEPS,), frozen=(replace(kept, file="other.py"),))
    assert [line for _, line, _ in told(frozen([other]))] == [21]


def test_an_array_that_a_trace_has_kept() -> None:
    """A small one is told by its elements, a large one without."""
    small = Frozen("scale", [1, 2], [5, 2], at(21), "train", "array")
    large = Frozen("table", None, None, at(22), "train", "array")
    assert [evidence for *_, evidence in told(frozen([seen_of(frozen=(small, large))]))] == [
        "scale is [5, 2], and train still uses [1, 2]",
        "table has changed, and train still uses the old value",
    ]


def test_an_object_that_a_trace_has_kept() -> None:
    """A variable or model that has taken the place of another one."""
    model = Frozen("model", "Dense", "Dense", at(21), "train", "object")
    assert told(frozen([seen_of(frozen=(model,))])) == [
        ("TB302", 21, "model is another Dense than the one that train still uses")
    ]


def test_a_random_number_that_a_trace_has_kept() -> None:
    """What it was drawn from, and that nothing has been drawn since."""
    draw = Frozen("numpy.random.rand", None, None, at(26), "train", "draw")
    assert told(frozen([seen_of(frozen=(draw,))])) == [
        ("TB308", 26, "numpy.random.rand gave a number while train was traced, and none since")
    ]


def test_a_function_that_is_traced_again_and_again() -> None:
    """How often, and what had changed; nothing breaks by that, so it is a note."""
    train = Retraced("train", 12, 7, "a Python int", at(27))
    (found,) = retraced([seen_of(retraced=(train,))])
    assert found.evidence == ("7 of 12 calls traced train; mostly a Python int had changed")
    assert found.about.level == NOTE


@pytest.mark.parametrize(("calls", "traces"), [(12, 6), (5, 5), (200, 20)])
def test_a_few_traces_are_normal(calls: int, traces: int) -> None:
    """The first one, shapes of batches, and numbers that change now and then."""
    train = Retraced("train", calls, traces, "the shape of an argument", at(27))
    assert told(retraced([seen_of(retraced=(train,))])) == []


def test_a_tensor_of_a_finished_trace() -> None:
    """The name that holds it, and the tensor, where it was stored."""
    leak = Leak("last_loss", "mean:0", at(22))
    assert told(leaked([seen_of(leaks=(leak,))])) == [
        ("TB303", 22, "last_loss holds the symbolic tensor 'mean:0'")
    ]


def test_a_trace_of_another_variable() -> None:
    """Both variables are told by the names that their author gave them."""
    swapped = Mixed("update", "first:0", "second:0", at(23))
    assert told(mixed([seen_of(mixed=(swapped,))])) == [
        ("TB203", 23, "update was traced with 'first', and is called with 'second'")
    ]


def test_nothing_seen_is_nothing_wrong() -> None:
    """A worker that changed, kept and leaked nothing has no findings."""
    rules: Any = (changed, rebound, stored, retraced, frozen, leaked, mixed)
    assert [told(rule([WorkerObservations(replicas=2)])) for rule in rules] == [[]] * 7


def test_a_tensor_in_the_place_of_a_variable() -> None:
    """It is told as that, and not as a number that went anywhere."""
    steps = StateChange("steps", "variable", "steps:0", "", at(24))
    assert told(rebound([seen_of(changes=(steps,))])) == [
        ("TB307", 24, "steps held the variable 'steps', and holds a tensor after one step")
    ]
    assert told(changed([seen_of(changes=(steps,))])) == []
    assert told(rebound([seen_of(changes=(STEPS,))])) == []


def kept(*values: Any, **more: Any) -> Stored:
    return Stored("last", values, more.pop("run", 1), at(25), at(31), **more)


def test_each_replica_stores_its_own() -> None:
    """Values that differ are told, whichever worker has them, with who reads them."""
    workers = [seen_of(stored=(kept(1.0, 1.0),)), seen_of(stored=(kept(1.0, 4.0),))]
    (found,) = stored(workers)
    assert (found.code, found.place, found.use) == ("TB305", at(25), at(31))
    assert found.evidence == "the replicas of a worker store 1 and 4 in last in one step"


def test_replicas_that_store_the_same() -> None:
    """What all replicas of all workers store alike, like a reduced loss, is right."""
    workers = [seen_of(stored=(kept(2.5, 2.5),), worker=worker) for worker in range(2)]
    assert told(stored(workers)) == []


def test_each_worker_stores_its_own() -> None:
    """One replica each, another value on each worker."""
    workers = [seen_of(stored=(kept(value),), replicas=1) for value in (1.0, 4.0)]
    assert told(stored(workers)) == [("TB306", 25, "the workers store 1 and 4 in last")]
    assert told(stored(workers[:1])) == []


def test_workers_that_cannot_be_compared() -> None:
    """Values of different steps, of different elements, or of one worker only, say nothing."""
    first = seen_of(stored=(kept(1.0, where=(0,)),), replicas=1)
    for other in ((kept(4.0, where=(0,), run=2),), (kept(4.0, where=(1,)),), ()):
        assert told(stored([first, seen_of(stored=other, replicas=1)])) == []


def test_copies_that_follow_from_a_count() -> None:
    """The variable that an optimizer updates with a count is named beside it, and not by itself."""
    update = [access(SUBTRACT, "merged", called="keras/src/optimizers/sgd.py:update")]
    kernel = mirrored(0, "kernel", 7, copies=(2.0, 1.0))
    counted = StateChange("self.calls", "number", 0, 2, at(20), used=True)
    (found,) = judge([seen_of(kernel, accesses=update, changes=(counted,))])
    assert (found.code, found.place) == ("TB301", at(20))
    assert found.evidence.endswith("; by it the copies of 'kernel' hold 2 and 1")


@pytest.mark.parametrize(("used", "called"), [(False, "keras/src/sgd.py:update"), (True, "")])
def test_copies_that_do_not_follow_from_a_count(used: bool, called: str) -> None:
    """A count that nothing computes with, and a copy that the replica function itself writes."""
    write = [access(ASSIGN, 0, called=called), access(ASSIGN, 1, called=called, copy=1)]
    kernel = mirrored(0, "kernel", 7, copies=(2.0, 1.0))
    counted = StateChange("self.calls", "number", 0, 2, at(20), used=used)
    found = judge([seen_of(kernel, accesses=write, changes=(counted,))])
    assert [each.code for each in found] == ["TB201", "TB301"]
