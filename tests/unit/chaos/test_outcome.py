"""What came of a fault, from what the workers did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.catalogue.fault import Fault
from testbed.chaos.outcome import undisturbed_of
from testbed.chaos.record import REACTIONS, RESULTS, Outcome, Reaction, Resumed
from testbed.launcher.cluster.cluster_end import PhaseReport
from testbed.run.attempt import Attempt
from tests.unit.chaos.builders import (
    KILL,
    LEFT,
    SIGKILL,
    SIGTERM,
    STRUCK,
    TWO,
    attempt,
    came_of,
    finished,
    killed,
    of_every_result,
    raising,
    steps,
    stopped,
    undisturbed,
    whole,
)


def did(outcome: Outcome, worker: int) -> Reaction:
    return outcome.reactions[worker]


def test_who_raised() -> None:
    """Who raised is told with the error, its place, and the seconds since the fault."""
    seen = did(came_of(killed(at=10.5)), 0)
    assert seen == Reaction(
        0, "raised", "step 3", 9.5, "UnavailableError: a peer is gone", "mine.py:7 in step"
    )


@pytest.mark.parametrize(
    ("status", "how"),
    [(SIGKILL, "killed by SIGKILL"), (LEFT, "exit code 42"), (0, "exit code 0, without a report")],
)
def test_who_ended(status: int, how: str) -> None:
    """Who ended is told with signal or exit code, its phase, and the seconds since the fault."""
    disturbed = attempt(stopped(0, 3.0, status), finished(1), fault=KILL, struck=STRUCK)
    assert did(came_of(disturbed), 0) == Reaction(0, "ended", "step 3", 2.0, how)


def test_who_ended_is_told_with_its_last_words() -> None:
    """What a worker said at its end stands beside how it ended."""
    end = replace(stopped(0, 3.0, LEFT), words="it left by sys.exit(42)")
    disturbed = attempt(end, finished(1), fault=KILL, struck=STRUCK)
    assert did(came_of(disturbed), 0).told == "exit code 42 (it left by sys.exit(42))"


def test_who_was_ended_by_the_testbed() -> None:
    """Why a worker was ended before its time is told, not the signal that did it."""
    end = replace(stopped(0, 3.0, SIGKILL), ended_for="it printed too much")
    disturbed = attempt(end, finished(1), fault=KILL, struck=STRUCK)
    assert did(came_of(disturbed), 0).told == "it printed too much"


def test_who_hung() -> None:
    """Who neither raised nor ended before the deadline hung, and who waits is said once."""
    disturbed = attempt(
        stopped(0, 2.0, None),
        stopped(1, 1.0, SIGKILL),
        fault=KILL,
        struck=STRUCK,
        missed_deadline="run",
    )
    seen = came_of(disturbed)
    assert did(seen, 0) == Reaction(0, "hung", "step 3")
    assert seen.hang.startswith("worker 0 is in phase 'step 3'")
    assert seen.hang.endswith("; worker 1 has ended")
    assert (seen.noticed, seen.result, seen.restarts) == (None, "lost", 0)


def test_nobody_hangs_where_no_deadline_passed() -> None:
    """A hang is told only where a deadline passed."""
    assert came_of(killed()).hang == ""


def test_who_finished() -> None:
    """Who went on is told with how much later it reported than undisturbed."""
    disturbed = attempt(
        finished(0, at=5.0), finished(1, at=5.5), fault=Fault("stop", 1), struck=STRUCK
    )
    seen = came_of(disturbed)
    assert [did(seen, worker).delay for worker in (0, 1)] == [3.0, 3.5]
    assert (seen.noticed, seen.result, seen.restarts) == (None, "recovered", 0)


@pytest.mark.parametrize("kind", ["kill", "absent"])
def test_the_end_that_a_fault_is_tells_nothing(kind: str) -> None:
    """That a killed worker ended is the fault; noticed is what another did later."""
    assert came_of(killed(at=10.5, fault=Fault(kind, 1))).noticed == 9.5


@pytest.mark.parametrize("kind", ["terminate", "stop", "slow", "cut"])
def test_who_is_disturbed_may_notice_first(kind: str) -> None:
    """The end of a worker that its fault does not end counts like that of any other."""
    disturbed = attempt(
        raising(0, 10.5), stopped(1, 1.5, LEFT), fault=Fault(kind, 1), struck=STRUCK
    )
    assert came_of(disturbed).noticed == 0.5


def test_who_dies_of_sigterm_has_not_noticed_it() -> None:
    """A worker that SIGTERM kills did nothing about it; one that left by a code of its own did."""
    fault = Fault("terminate", 1)
    for status, noticed in ((SIGTERM, 3.0), (LEFT, 0.5)):
        disturbed = attempt(raising(0, 4.0), stopped(1, 1.5, status), fault=fault, struck=STRUCK)
        assert came_of(disturbed).noticed == noticed
    other = attempt(stopped(0, 1.5, SIGTERM), raising(1, 4.0), fault=fault, struck=STRUCK)
    assert came_of(other).noticed == 0.5


def test_what_came_before_the_fault_is_not_because_of_it() -> None:
    """A worker that ended before the fault struck has not noticed it."""
    disturbed = attempt(stopped(0, 0.5, LEFT), raising(1, 4.0), fault=KILL, struck=STRUCK)
    assert came_of(replace(disturbed, fault=Fault("stop", 1))).noticed == 3.0


def test_a_restart_recovers() -> None:
    """A case that came to its end after a restart, with its claims, has recovered."""
    seen = came_of(killed(), whole())
    assert (seen.result, seen.restarts, seen.symptom) == ("recovered", 1, "")
    assert seen.seconds == 6.0


def test_a_claim_that_fails_after_a_restart() -> None:
    """Steps that were counted twice are no recovery, and the numbers are told."""
    seen = came_of(killed(), whole(8.0))
    assert (seen.result, seen.symptom, seen.evidence) == ("wrong", "wrong_value", "8 for 6")
    assert seen.resumed is None


def test_a_claim_that_fails_undisturbed_is_no_harm_of_the_fault() -> None:
    """What fails in the same way without a fault is not told as its harm; another way is."""
    fails = undisturbed(value=4.0)
    assert (fails.finished, fails.symptom, fails.evidence) == (True, "wrong_value", "4 for 6")
    again = came_of(killed(), whole(4.0), baseline=fails)
    assert (again.result, again.symptom, again.evidence) == ("recovered", "", "")
    assert came_of(killed(), whole(6.0), baseline=fails).result == "recovered"
    assert came_of(killed(), whole(8.0), baseline=fails).result == "wrong"


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (attempt(finished(0), raising(1, 2.0)), "UnavailableError: a peer is gone"),
        (attempt(finished(0), stopped(1, 2.0, LEFT)), "exit code 42"),
        (whole(unreadable="worker 1's report is gone"), "worker 1's report is gone"),
        (
            attempt(stopped(0, 2.0, None), stopped(1, 2.0, None), missed_deadline="run"),
            "workers 0, 1 are in phase 'step 3'",
        ),
    ],
    ids=["raised", "ended", "unreadable", "hung"],
)
def test_a_case_that_does_not_come_to_its_end(last: Attempt, why: str) -> None:
    """What does not come to its end in the last attempt has not recovered, and it is said why."""
    seen = came_of(killed(), last)
    assert (seen.result, seen.restarts) == ("lost", 1)
    assert why in seen.evidence


def test_a_fault_that_did_not_strike() -> None:
    """Where the phase never came nothing is known of the fault, however well it ended."""
    seen = came_of(whole(fault=KILL))
    assert (seen.result, seen.struck, seen.noticed) == ("missed", None, None)
    assert came_of(attempt(finished(0), raising(1, 2.0), fault=KILL)).result == "lost"


def test_a_repetition() -> None:
    """Undisturbed, nobody notices anything, and what fails is lost or wrong."""
    assert [came_of(each).result for each in (whole(), whole(8.0))] == ["recovered", "wrong"]
    broken = came_of(attempt(finished(0), raising(1, 2.0)))
    assert (broken.result, broken.noticed, did(broken, 1).after) == ("lost", None, None)


def went_on(disturbed: list[str], again: list[str], whole_run: list[str]) -> Resumed | None:
    """Where a case went on that told these phases: at the fault, after it, and undisturbed."""
    baseline = undisturbed_of(
        attempt(finished(0, phases=whole_run), finished(1, phases=whole_run)), TWO
    )
    hit = replace(
        stopped(1, STRUCK, SIGKILL), ledger=tuple(PhaseReport(each, 0.5) for each in disturbed)
    )
    first = attempt(replace(hit, worker=0), hit, fault=KILL, struck=STRUCK)
    second = attempt(finished(0, phases=again), finished(1, phases=again))
    return came_of(first, second, baseline=baseline).resumed


EPOCHS = ["epoch 1", "epoch 2", "epoch 3", "epoch 4"]


@pytest.mark.parametrize(
    ("disturbed", "again", "whole_run", "expected"),
    [
        (steps(1, 4), steps(1, 6), steps(1, 10), Resumed("step", 5, 10)),
        (steps(1, 4), steps(1, 10), steps(1, 10), Resumed("step", 1, 10)),
        (steps(1, 10), ["claiming"], steps(1, 10), Resumed("step", 11, 10)),
        (steps(1, 2), steps(1, 5), steps(1, 10), None),
        (steps(1, 4), steps(1, 12), steps(1, 10), None),
        (EPOCHS[:3], EPOCHS[2:], EPOCHS, Resumed("epoch", 3, 4)),
        (EPOCHS[:3], EPOCHS, EPOCHS, Resumed("epoch", 1, 4)),
        (["other"], ["other"], ["other"], None),
        (["epoch 1", "part 1"], ["epoch 1"], ["epoch 1", "part 1"], None),
    ],
    ids=[
        "from a checkpoint",
        "from the beginning",
        "nothing left",
        "more missing than taken",
        "more than all",
        "epochs",
        "epochs again",
        "nothing numbered",
        "two numbers",
    ],
)
def test_where_it_went_on(
    disturbed: list[str], again: list[str], whole_run: list[str], expected: Resumed | None
) -> None:
    """Where a restarted case went on is told where its phases prove it, and else not."""
    assert went_on(disturbed, again, whole_run) == expected


def test_workers_that_went_on_apart() -> None:
    """Where workers disagree it is not told where the case went on."""
    second = attempt(finished(0, phases=steps(1, 3)), finished(1, phases=steps(1, 4)))
    assert came_of(killed(), second).resumed is None
    assert came_of(killed(), second).steps == 4


def test_every_reaction_and_result_is_seen() -> None:
    """The closed lists hold nothing that no attempt gives."""
    outcomes = of_every_result()
    assert {each.result for each in outcomes} == set(RESULTS)
    assert {each.kind for outcome in outcomes for each in outcome.reactions} == set(REACTIONS)


def test_undisturbed() -> None:
    """Without a fault a case has its phases, its steps, and when each worker had reported."""
    seen = undisturbed()
    assert seen.phases == (("forked", "joined", *steps(), "claiming"),) * 2
    assert (seen.steps, seen.reported, seen.finished) == (6, (2.0, 2.0), True)
    broken = undisturbed_of(attempt(finished(0), raising(1, 2.0)), TWO)
    assert (broken.finished, broken.symptom) == (False, "rejected")
