"""How often, and how sure that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.catalogue.fault import Fault
from testbed.chaos.rates import summaries, wilson
from tests.unit.chaos.builders import (
    KILL,
    SIGKILL,
    STRUCK,
    attempt,
    came_of,
    killed,
    of_every_result,
    stopped,
    whole,
)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (0, 100, 0.0, 0.0370),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    """The interval is the one of the textbooks."""
    found = wilson(hits, of)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize(
    ("hits", "of", "told"),
    [
        (0, 100, "0 of 100 (at most 3.7 %)"),
        (20, 20, "20 of 20 (at least 84 %)"),
        (100, 100, "100 of 100 (at least 96.3 %)"),
        (3, 10, "3 of 10 (11 to 60 %)"),
        (0, 0, "0 of 0"),
    ],
)
def test_a_rate_in_words(hits: int, of: int, told: str) -> None:
    """At an end of the scale one bound says it all."""
    assert str(wilson(hits, of)) == told


def test_by_kind_of_fault() -> None:
    """Each kind has its rate and its seconds; what did not strike counts nowhere."""
    cut = Fault("cut", 1, "step 3")
    struck = whole(fault=cut, struck=1.0)
    outcomes = [
        came_of(struck),
        came_of(killed(at=4.0), whole()),
        came_of(killed(at=10.5), whole()),
        came_of(killed(at=3.0)),
        came_of(whole(fault=cut)),
    ]
    kill, cut_off = summaries(outcomes)
    assert (kill.kind, kill.good.hits, kill.good.of) == ("kill", 2, 3)
    assert (kill.noticed, kill.unnoticed) == ((2.0, 3.0, 9.5), 0)
    assert (cut_off.kind, cut_off.good.hits, cut_off.good.of) == ("cut", 1, 1)
    assert (cut_off.noticed, cut_off.unnoticed) == ((), 1)


def test_a_hang_is_not_what_passed_unnoticed() -> None:
    """What nobody noticed is harmless or a hang, and they are counted apart."""
    hung = attempt(
        stopped(0, 2.0, None),
        stopped(1, 1.0, SIGKILL),
        fault=KILL,
        struck=STRUCK,
        missed_deadline="run",
    )
    (found,) = summaries([came_of(hung), came_of(hung), came_of(whole(fault=KILL, struck=STRUCK))])
    assert (found.unnoticed, found.hung) == (1, 2)


def test_undisturbed_it_is_failures_that_are_counted() -> None:
    """Of repetitions to which nothing was done, the rate is that of failing."""
    (found,) = summaries([each for each in of_every_result() if each.fault is None])
    assert (found.kind, found.good.hits, found.good.of) == ("none", 1, 2)


def test_wrong_is_not_recovered() -> None:
    """Who recovered but counted wrong is not counted as recovered."""
    outcome = came_of(killed(), whole(8.0))
    assert summaries([outcome, replace(outcome, result="recovered")])[0].good.hits == 1
