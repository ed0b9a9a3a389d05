"""Claims of parity over all workers of a test."""

from __future__ import annotations

from dataclasses import replace

from testbed.check.observations.watch_failure import WatchFailure
from testbed.check.parity.claims import broken, parity_of
from testbed.check.parity.first_steps import BothRuns, FirstStep, RecordedRun
from testbed.orders.case import ClaimLine, ParityClaim
from tests.unit.check.builders import seen_of
from tests.unit.check.parity.builders import BIRTHS, TOTAL, changed, step, weight, worker

HERE = ClaimLine("test_it.py", 7, "bed.parity(make_step, x)")
GOOD, TWICE = step(weight()), step(weight(2.0))


def run(first: FirstStep, number: int = 0, replicas: int = 1) -> RecordedRun:
    seen = seen_of(*BIRTHS, worker=number, replicas=replicas)
    return RecordedRun(seen, worker(first))


def claims(*of_workers: FirstStep, one: FirstStep | None) -> list[list[ParityClaim]]:
    """One claim of each worker, two replicas in all; worker 0 has the run with one replica."""
    alone, replicas = run(one) if one else None, 2 // len(of_workers)
    return [
        [ParityClaim(HERE, BothRuns(run(each, number, replicas), None if number else alone))]
        for number, each in enumerate(of_workers)
    ]


def test_a_claim_that_holds() -> None:
    """It says nothing, and neither does one of a single replica."""
    each = replace(GOOD, elements=4, digest=0)
    whole = replace(GOOD, digest=0)
    assert list(broken(claims(GOOD, one=GOOD))) == []
    assert list(broken(claims(each, each, one=whole))) == []
    assert list(broken(claims(TWICE, one=None))) == []
    assert list(broken([])) == []


def test_a_claim_that_does_not_hold() -> None:
    """The finding, what was compared, and the line of the claim."""
    (text,) = broken(claims(TWICE, one=GOOD))
    lines = text.splitlines()
    assert "error TB901" in lines[0]
    assert lines[-2].startswith("compared with one replica: step 1 differs;")
    assert lines[-1] == "  test_it.py:7: bed.parity(make_step, x)"


def test_a_metric_is_that_of_all_workers() -> None:
    """Parts that add up to the total of one replica agree; whole ones do not."""
    whole = step(changed(TOTAL, (4.5,)))
    part = step(changed(TOTAL, (2.25,)), elements=4, digest=0)
    one = replace(whole, digest=0)
    assert list(broken(claims(part, part, one=one))) == []
    (text,) = broken(claims(*[replace(whole, elements=4, digest=0)] * 2, one=one))
    assert "adds 9 to 'total'" in text


def test_a_claim_that_some_workers_do_not_state() -> None:
    """It cannot be judged."""
    stated = claims(GOOD, GOOD, one=GOOD)
    (text,) = broken([stated[0], []])
    assert text.startswith("not compared with one replica: 1 of 2 workers claim it\n")


def test_watching_that_failed() -> None:
    """Nothing is compared, and the result does not agree."""
    many = run(GOOD, replicas=2)
    failed = replace(many.seen, failures=(WatchFailure("losses", "KeyError: 1", 1),))
    parity = parity_of([replace(many, seen=failed)], run(GOOD))
    assert not parity.agrees
    assert parity.sentence.startswith("not compared with one replica: watching failed 1 time in")
