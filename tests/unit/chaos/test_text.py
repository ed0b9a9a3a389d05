"""What people read of a fault and of many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.catalogue.fault import Fault
from testbed.chaos.record import Outcome
from testbed.chaos.text import outcome_lines
from tests.unit.chaos.builders import (
    KILL,
    SIGKILL,
    STRUCK,
    attempt,
    came_of,
    finished,
    killed,
    record_of,
    steps,
    stopped,
    text_of,
    whole,
)


def block(outcome: Outcome) -> list[str]:
    """The lines of one fault without their markup."""
    return [line.rstrip() for line in text_of(record_of(outcome)).splitlines()[4:-2]]


def test_a_fault_that_is_recovered_from() -> None:
    """What was done, what each did and when, who noticed, what became of it, how to repeat it."""
    again = attempt(finished(0, phases=steps(1, 4)), finished(1, phases=steps(1, 4)))
    assert block(came_of(killed(), again)) == [
        "  fault 1: worker 1 is killed at step 3",
        "    worker 0: raised after 9.50 s, at mine.py:7 in step: UnavailableError: a peer is gone",
        "    worker 1: was killed in phase 'step 3'",
        "    noticed after 9.50 s",
        "    recovered after one restart, went on at step 3 of 6",
        "    again: testbed chaos x",
    ]


def test_a_fault_that_nobody_notices() -> None:
    """Who went on is told with the delay."""
    stop = Fault("stop", 1, "step 3", 2.0)
    seen = came_of(attempt(finished(0, 4.0), finished(1, 4.25), fault=stop, struck=STRUCK))
    assert block(seen) == [
        "  fault 1: worker 1 is stopped at step 3 for 2 s",
        "    worker 0: finished, +2.00 s against undisturbed",
        "    worker 1: finished, +2.25 s against undisturbed",
        "    no worker noticed",
        "    recovered, without a restart",
        "    again: testbed chaos x",
    ]


def test_a_hang() -> None:
    """Who keeps whom waiting is said once, and where the logs are."""
    hung = attempt(
        stopped(0, 2.0, None),
        stopped(1, 1.0, SIGKILL),
        fault=Fault("absent", 1),
        struck=STRUCK,
        missed_deadline="run",
    )
    seen = replace(came_of(hung), logs="cases/x-fault-1")
    assert block(seen) == [
        "  fault 1: worker 1 never starts",
        "    worker 0: hung in phase 'step 3' until the time was over",
        "    worker 1: never started",
        f"    hang: {seen.hang}",
        "    no worker noticed until the time was over",
        "    not recovered, without a restart",
        "    logs: cases/x-fault-1",
        "    again: testbed chaos x",
    ]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (came_of(killed(), whole()), "recovered after one restart, began again at step 1 of 6"),
        (
            came_of(killed(), attempt(finished(0, phases=["own"]), finished(1, phases=["own"]))),
            "recovered after one restart",
        ),
        (
            came_of(killed(), killed(), whole(8.0)),
            "recovered but wrong after 2 restarts, took 6 steps: wrong_value: 8 for 6",
        ),
        (
            came_of(killed()),
            "not recovered, without a restart: rejected: UnavailableError: a peer is gone",
        ),
        (came_of(whole(fault=KILL)), "did not strike: worker 1 never came to step 3"),
    ],
)
def test_what_became_of_it(outcome: Outcome, told: str) -> None:
    """One line says whether the case recovered, after how many restarts, and from where."""
    assert f"    {told}" in block(outcome)


def test_a_repetition_is_told_only_where_it_failed() -> None:
    """What happened as before needs no line."""
    assert list(outcome_lines(came_of(whole()))) == []
    assert "repetition 1: undisturbed again" in next(outcome_lines(came_of(whole(8.0))))


def test_a_record_may_not_know_a_delay() -> None:
    """Who finished is told to have finished, with a delay or without."""
    seen = came_of(whole(fault=KILL, struck=STRUCK))
    unknown = tuple(replace(each, delay=None) for each in seen.reactions)
    assert block(replace(seen, reactions=unknown))[1] == "    worker 0: finished"


def test_nothing_of_a_record_reaches_a_terminal_as_a_command() -> None:
    """A message that holds escape codes or markup is shown as it is written, without effect."""
    evil = replace(came_of(killed()), evidence="\x1b[31m[bold]red[/bold]")
    assert "[bold]red[/bold]" in text_of(record_of(evil))
    assert "\x1b" not in text_of(record_of(evil))


def test_the_rates_of_many() -> None:
    """Of several faults there is a row for each kind, one for all, and a count of each result."""
    cut = Fault("cut", 0, "step 3")
    outcomes = [
        came_of(killed(at=3.0), whole()),
        came_of(killed(at=10.5), whole()),
        came_of(killed(at=4.0)),
        came_of(whole(fault=cut, struck=STRUCK)),
    ]
    text = text_of(record_of(*outcomes))
    rows = {line.split()[1]: line for line in text.splitlines() if "│" in line}
    assert "2 of 3 (21 to 93.9 %)" in rows["kill"]
    assert "3.00 s (2.00 to 9.50)" in rows["kill"]
    assert "1 of 1 (at least 21 %)" in rows["cut"]
    assert "3 of 4 (30 to 95.4 %)" in rows["all"]
    assert "4 faults: 3 recovered, 1 not recovered in 12 s" in text


def test_the_rate_of_flakes() -> None:
    """Of repetitions it is told how many failed, and how many might."""
    text = text_of(record_of(*[came_of(whole())] * 20))
    assert "failed undisturbed (95 %): 0 of 20 (at most 16 %)" in text
    assert "20 undisturbed repetitions in 12 s" in text
    assert "│" not in text


def test_one_fault_needs_no_table() -> None:
    """A single fault is told by its block alone."""
    assert "│" not in text_of(record_of(came_of(killed(), whole())))


def test_a_case_that_fails_undisturbed() -> None:
    """It is said why nothing was done to a case."""
    (case,) = record_of().cases
    broken = replace(case.undisturbed, finished=False, symptom="hang", evidence="nobody came")
    text = text_of(record_of(cases=(replace(case, undisturbed=broken),)))
    assert "fails undisturbed, so no fault is injected: hang: nobody came" in text
    assert "no fault: 1 case failed undisturbed" in text
