"""Which fault is drawn, and what cannot be one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.catalogue.fault import FAULTS, Fault
from testbed.chaos.draw import (
    CHOICES,
    Wanted,
    draw,
    phases_of,
    require_phase,
    require_sensible,
    require_worker,
)
from testbed.errors import UsageError

PHASES = (
    ("forked", "joined", "step 1", "step 2", "step 3", "chiefs own"),
    ("forked", "joined", "step 1", "step 2", "step 3", "claiming"),
)
SEEDS = range(300)
ANY = Wanted()


def drawn(wanted: Wanted = ANY, *, network: bool = True) -> list[Fault]:
    return [draw(wanted, PHASES, seed, network=network) for seed in SEEDS]


def test_a_seed_gives_the_same_faults() -> None:
    """The same seeds draw the same faults, and other seeds draw others."""
    assert drawn() == drawn()
    assert len(set(drawn())) > 20


def test_every_fault_is_drawn() -> None:
    """Every kind, every worker and every phase comes up, and nothing else does."""
    found = drawn()
    assert {fault.kind for fault in found} == set(FAULTS)
    assert {fault.worker for fault in found} == {0, 1}
    done = {(each.worker, each.phase) for each in found if each.kind != "absent"}
    assert done == {(worker, phase) for worker, told in enumerate(PHASES) for phase in told}


@pytest.mark.parametrize(
    "fixed",
    [
        {"kind": "stop"},
        {"kind": "absent"},
        {"worker": 1},
        {"phase": "step 2"},
        {"kind": "slow", "worker": 0},
        {"worker": 1, "phase": "claiming"},
        {"kind": "cut", "worker": 1, "phase": "joined"},
    ],
    ids=lambda fixed: "-".join(map(str, fixed.values())),
)
def test_what_is_fixed_stays(fixed: dict[str, object]) -> None:
    """What the command fixes of a fault is so in every fault that is drawn."""
    found = drawn(replace(Wanted(), **fixed))  # type: ignore[arg-type]
    assert {tuple(getattr(fault, name) for name in fixed) for fault in found} == {
        tuple(fixed.values())
    }


def test_the_rest_is_drawn() -> None:
    """What is not fixed still differs from seed to seed."""
    found = drawn(Wanted(kind="kill", phase="step 2"))
    assert {fault.worker for fault in found} == {0, 1}
    assert len({fault.phase for fault in drawn(Wanted(kind="kill", worker=0))}) == 6


def test_no_fault_at_a_phase_that_its_worker_has_not() -> None:
    """A phase that only one worker tells is done to that worker alone."""
    assert {fault.worker for fault in drawn(Wanted(phase="claiming"))} == {1}
    assert {fault.worker for fault in drawn(Wanted(phase="chiefs own"))} == {0}


def test_who_is_fixed_to_a_phase_is_never_absent() -> None:
    """Who never starts has no phase, so a fixed phase draws another kind."""
    assert {fault.kind for fault in drawn(Wanted(phase="step 1"))} == set(FAULTS) - {"absent"}


def test_nobody_is_cut_off_where_that_cannot_be() -> None:
    """Without a network namespace every other kind is drawn."""
    assert {fault.kind for fault in drawn(network=False)} == set(FAULTS) - {"cut"}


def test_seconds_are_those_of_the_command() -> None:
    """How long a fault lasts is never drawn."""
    found = [each for each in drawn(Wanted(seconds=3.5)) if each.kind != "absent"]
    assert {fault.seconds for fault in found} == {3.5}


def test_phases_at_which_something_can_be_done() -> None:
    """Each phase is named once, and those of a worker that is done are left out."""
    ledger = ("forked", "making", "waiting", "making", "step 1", "claiming", "reported")
    assert phases_of(ledger) == ("forked", "making", "step 1", "claiming")


def test_choices_are_every_fault_and_none() -> None:
    """What can be asked for is the closed list of faults, and that nothing is done."""
    assert set(CHOICES) == {*FAULTS, "none"}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted("none", worker=1), "--fault none does nothing to any worker"),
        (Wanted("none", phase="joined"), "--fault none does nothing to any worker"),
        (
            Wanted("absent", phase="joined"),
            "a worker that never starts has no phase; leave out --at",
        ),
    ],
)
def test_what_is_no_fault_is_refused(wanted: Wanted, told: str) -> None:
    """Parts that contradict each other are one line."""
    with pytest.raises(UsageError, match=told):
        require_sensible(wanted)


def test_sensible_faults_are_not_refused() -> None:
    """What can be done is not refused."""
    for wanted in (Wanted(), Wanted("none"), Wanted("absent", 1), Wanted("kill", 0, "step 3")):
        require_sensible(wanted)
        require_worker(wanted, 2, "x")
        require_phase(wanted, PHASES, "x")


@pytest.mark.parametrize("worker", [2, -1])
def test_a_worker_that_is_not_there(worker: int) -> None:
    """The line names the workers that there are."""
    with pytest.raises(UsageError, match=f"--worker {worker}: x has the workers 0 to 1"):
        require_worker(Wanted(worker=worker), 2, "x")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (
            Wanted(worker=1, phase="step 9"),
            "--at 'step 9': worker 1 never reaches that phase in x;"
            " choose from forked, joined, step 1 ... step 3, claiming",
        ),
        (
            Wanted(worker=1, phase="chiefs own"),
            "--at 'chiefs own': worker 1 never reaches that phase in x;"
            " choose from forked, joined, step 1 ... step 3, claiming",
        ),
        (
            Wanted(phase="step 9"),
            "--at 'step 9': no worker reaches that phase in x;"
            " choose from forked, joined, step 1 ... step 3, chiefs own, claiming",
        ),
    ],
)
def test_a_phase_that_is_not_there(wanted: Wanted, told: str) -> None:
    """The line names the phases that there are, numbered ones by the first and the last."""
    with pytest.raises(UsageError) as refused:
        require_phase(wanted, PHASES, "x")
    assert str(refused.value) == told
