"""What is said of a cluster that hangs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.launcher.cluster.hang import Standing, describe_hang
from testbed.launcher.cluster.stacks import NOWHERE, StackPlace
from testbed.launcher.cluster.step_count import Steps

OWN = StackPlace("train.py:42 in load")
WAITS = StackPlace("train.py:31 in step", in_tensorflow=True)


def at(worker: int, step: int, place: StackPlace = WAITS, peers: int = 3) -> Standing:
    return Standing(worker, f"step {step}", phases=step + 3, place=place, peers=peers)


def reported(worker: int) -> Standing:
    return Standing(worker, "reported", phases=9, reported=True, peers=3)


IN_STEP = replace(WAITS, in_step=True)


def counted(
    worker: int, steps: int, place: StackPlace = IN_STEP, *, inside: bool = True
) -> Standing:
    """A worker of a user's program, whose steps are counted and told by no phase."""
    return Standing(worker, "joined", 5, place=place, peers=3, steps=Steps(steps, inside))


def done(worker: int, steps: int) -> Standing:
    """A worker whose program has ended."""
    return Standing(worker, "reported", 7, reported=True, steps=Steps(steps, inside=False), peers=3)


CASES = {
    "one program ended": (
        [done(0, 3), counted(1, 4)],
        "worker 0 ended after 3 steps; worker 1 is in step 4's collective, at train.py:31 in step",
    ),
    "two programs ended": (
        [done(0, 1), done(1, 1), counted(2, 2), counted(3, 2, OWN)],
        "worker 3 is in phase 'joined', at train.py:42 in load, and has not entered step 2's"
        " collective; workers 0, 1 ended after 1 step; worker 2 is in it, at train.py:31 in step",
    ),
    "ended without a step": (
        [done(0, 0), counted(1, 1)],
        "worker 0 has ended; worker 1 is in step 1's collective, at train.py:31 in step",
    ),
    "in one step for unequally long": (
        [
            done(0, 3),
            *(replace(counted(n, 4), steps=Steps(4, inside=True, ago=0.1 * n)) for n in (1, 2)),
        ],
        "worker 0 ended after 3 steps; workers 1, 2 are in step 4's collective, at train.py:31 in"
        " step",
    ),
    "in a dataset": (
        [counted(0, 4, WAITS), counted(1, 4, WAITS)],
        "workers 0, 1 are in phase 'joined', in TensorFlow, called at train.py:31 in step",
    ),
    "in a function that is no step": (
        [counted(0, 4, inside=False), counted(1, 4, inside=False)],
        "workers 0, 1 are in phase 'joined', in TensorFlow, called at train.py:31 in step",
    ),
    "one in its own code": (
        [at(0, 3), at(1, 3, OWN), at(2, 3), at(3, 3)],
        "worker 1 is in phase 'step 3', at train.py:42 in load, and has not entered step 3's"
        " collective; workers 0, 2, 3 wait in it, at train.py:31 in step",
    ),
    "two behind": (
        [at(0, 4), at(1, 3, OWN), at(2, 3, OWN), at(3, 4)],
        "workers 1, 2 are in phase 'step 3', at train.py:42 in load, and have not entered step 4's"
        " collective; workers 0, 3 wait in it, at train.py:31 in step",
    ),
    "one step behind": (
        [at(0, 4), at(1, 3), at(2, 4), at(3, 4)],
        "worker 1 waits in step 3's collective, at train.py:31 in step;"
        " workers 0, 2, 3 wait in step 4's collective, at train.py:31 in step",
    ),
    "one skipped it": (
        [at(0, 3), at(1, 3), reported(2), at(3, 3)],
        "worker 2 has reported, and has not entered step 3's collective;"
        " workers 0, 1, 3 wait in it, at train.py:31 in step",
    ),
    "one gone": (
        [at(0, 3), at(1, 3), replace(at(2, 3, NOWHERE), ended=True), at(3, 3)],
        "worker 2 has ended, and has not entered step 3's collective;"
        " workers 0, 1, 3 wait in it, at train.py:31 in step",
    ),
    "one stopped": (
        [at(0, 3), at(1, 3), at(2, 2, NOWHERE), at(3, 3)],
        "worker 2 is in phase 'step 2', without a stack to show (stopped, or held by the kernel),"
        " and has not entered step 3's collective;"
        " workers 0, 1, 3 wait in it, at train.py:31 in step",
    ),
    "alone": (
        [at(0, 3, peers=0)],
        "worker 0 is in phase 'step 3', in TensorFlow, called at train.py:31 in step",
    ),
    "not joined": (
        [
            Standing(0, "joining", 2, joined=False, place=StackPlace(in_tensorflow=True), peers=2),
            Standing(1, "importing", 1, joined=False, place=OWN, peers=2),
            Standing(2, "joining", 2, joined=False, place=StackPlace(in_tensorflow=True), peers=2),
        ],
        "worker 1 has not joined and is in phase 'importing', at train.py:42 in load;"
        " workers 0, 2 have not joined and are in phase 'joining', in TensorFlow",
    ),
    "nobody is odd": (
        [at(0, 3), at(1, 3)],
        "workers 0, 1 wait in step 3's collective, at train.py:31 in step",
    ),
}


@pytest.mark.parametrize(("standings", "said"), CASES.values(), ids=CASES)
def test_who_keeps_whom_waiting(standings: list[Standing], said: str) -> None:
    """Those that stand alike are named together, and who keeps the others waiting comes first."""
    assert describe_hang(standings) == said


@pytest.mark.parametrize("odd", range(4))
def test_the_odd_one_is_first_whoever_it_is(odd: int) -> None:
    """The index of a worker has no part in it."""
    standings = [at(worker, 3, OWN if worker == odd else WAITS) for worker in range(4)]
    assert describe_hang(standings).startswith(f"worker {odd} is in phase 'step 3'")
    assert describe_hang(standings[::-1]).startswith(f"worker {odd} is in phase 'step 3'")


def test_outside_a_step_no_collective_is_claimed() -> None:
    """A worker that has called TensorFlow elsewhere is only said to be in it."""
    claiming = [replace(at(0, 3), phase="claiming"), replace(at(1, 3), phase="claiming")]
    assert "collective" not in describe_hang(claiming)
