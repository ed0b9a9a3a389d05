"""What of two runs is compared, what is said about it, and why nothing is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.parity.comparison import Parity, compare
from testbed.check.parity.first_steps import OTHER, FirstStep
from tests.unit.check.builders import ASSIGN, access, mirrored
from tests.unit.check.parity.builders import (
    BIRTHS,
    LEARNING_RATE,
    MOMENTUM,
    OTHER_WEIGHT,
    TOTAL,
    alone,
    bias,
    changed,
    codes,
    found,
    side,
    step,
    weight,
    worker,
)

GOOD, TWICE = step(weight(), bias()), step(weight(2.0), bias(2.0))
UNLIKE = step(weight(1.5), bias(1.2))


def not_compared(reason: str, *, unlike_data: bool = False) -> Parity:
    return Parity((), f"not compared with one replica: {reason}", unlike_data)


def sentence(many: Any, one: Any) -> str:
    return compare(many, one).sentence


def test_steps_that_agree() -> None:
    """How many, and how many elements a step takes."""
    assert compare(side(worker(GOOD)), alone(GOOD)) == Parity(
        sentence="compared with one replica: the first step agrees; a step takes 8 elements on"
        " both",
        compared=True,
    )
    three = [GOOD] * 3
    assert sentence(side(worker(*three)), alone(*three)).startswith(
        "compared with one replica: the first 3 steps agree;"
    )


def test_a_step_that_differs() -> None:
    """Which one, beside the finding: its update, or what it reports."""
    many = side(worker(GOOD, TWICE))
    assert sentence(many, alone(GOOD, GOOD)) == (
        "compared with one replica: step 2 differs; a step takes 8 elements on both"
    )
    reported = side(worker(step(weight(), results=(1.0,))))
    assert sentence(reported, alone(step(weight(), results=(0.5,)))) == (
        "compared with one replica: step 1 differs; a step takes 8 elements on both"
    )


def test_another_learning_rate() -> None:
    """It is named, because it may be meant or not."""
    many, one = (
        step(weight(), changed(LEARNING_RATE, (0.0,), before=(rate,)), elements=0)
        for rate in (0.2, 0.1)
    )
    assert sentence(side(worker(many)), alone(one)) == (
        "compared with one replica: the first step agrees; the learning rate is 2 times as high"
    )


def test_steps_after_another_learning_rate() -> None:
    """Both runs train apart from the first step on, so that no further one is compared."""
    many, one = (
        [step(weight(times), rates=(times * 0.1,)), step(weight(times))] for times in (2.0, 1.0)
    )
    assert sentence(side(worker(*many)), alone(*one)) == (
        "compared with one replica: the first step agrees; the learning rate is 2 times as high;"
        " a step takes 8 elements on both"
    )


def test_a_learning_rate_that_changes() -> None:
    """It was equal before: what each replica counts leads to another rate in a later step."""
    many = side(worker(step(weight(), rates=(0.2,)), step(weight(0.5), rates=(0.1,))))
    one = alone(*[step(weight(), rates=(0.2,))] * 2)
    assert found(many, one) == [
        (
            "TB906",
            40,
            "in step 2 the learning rate is 0.5 times as high as on one replica, and it was not"
            " before",
        )
    ]
    equal = side(worker(*[step(weight(), rates=(0.2,))] * 2))
    assert found(equal, one) == []


def test_the_line_of_a_learning_rate() -> None:
    """The line that writes it, or else the line that made the counter of its optimizer."""
    many = [step(weight(), changed(LEARNING_RATE, (0.0,), before=(rate,))) for rate in (0.2, 0.1)]
    one = alone(many[0], many[0])
    iterations = mirrored(9, "iterations", 21, dtype="int64")
    births = (*BIRTHS, iterations)
    assert codes(side(worker(*many), births=births), one) == [("TB906", 21)]
    set_at = [access(ASSIGN, "outside", variable=LEARNING_RATE.number, line=60)]
    assert codes(side(worker(*many), births=births, accesses=set_at), one) == [("TB906", 60)]


def test_a_learning_rate_that_keras_2_takes_from_a_schedule() -> None:
    """The step sets it before it uses it; the line that made the optimizer is reported."""
    scheduled = replace(LEARNING_RATE, name="current_learning_rate")
    kept = (each for each in BIRTHS if each is not LEARNING_RATE)
    births = (*kept, scheduled, mirrored(9, "iterations", 21, dtype="int64"))

    def steps(update: float, rate: float) -> list[FirstStep]:
        # With momentum, an update is no multiple of that with another rate.
        changes = ((1.0, 0.2), (update, rate))
        return [
            step(weight(times), changed(scheduled, (now - 0.2,), before=(0.2,)))
            for times, now in changes
        ]

    written = [access(ASSIGN, "replica", variable=scheduled.number, line=60)]
    many = side(worker(*steps(1.5, 0.1)), births=births, accesses=written)
    assert codes(many, alone(*steps(1.0, 0.05), births=births)) == [("TB906", 21)]


def test_a_learning_rate_of_copies() -> None:
    """As many copies of a batch are as many steps for a schedule of examples."""
    copied = [step(weight(), elements=16, digest=154, rates=(rate,)) for rate in (0.2, 0.1)]
    many = side(worker(*copied), copies=True)
    assert found(many, alone(*[step(weight(), rates=(0.2,))] * 2)) == []


def test_copies_of_a_batch() -> None:
    """Every replica had the batch of the single one, and makes its update."""
    many = step(weight(), elements=16, digest=154)
    assert compare(side(worker(many), copies=True), alone(step(weight()))) == Parity(
        sentence="compared with one replica: the first step agrees; each replica had the batch of"
        " the single one",
        compared=True,
    )
    twice = step(weight(2.0), elements=16, digest=154)
    assert codes(side(worker(twice), copies=True), alone(step(weight()))) == [("TB901", 26)]


def test_steps_before_the_first_update() -> None:
    """A step that does nothing, as one that builds a model, is left out."""
    idle = step(weight(0.0), elements=0)
    many, one = side(worker(idle, TWICE)), alone(idle, GOOD)
    ((code, _, evidence),) = [
        (each.code, each.place, each.evidence) for each in compare(many, one).findings
    ]
    assert (code, evidence.startswith("step 2")) == ("TB901", True)


@pytest.mark.parametrize("of_one", [False, True])
def test_steps_that_were_not_recorded(of_one: bool) -> None:
    """The reason of the worker that did not record them."""
    kept, omitted = worker(GOOD), worker(GOOD, omitted="its variables are too large")
    many = side(kept, kept if of_one else omitted)
    one = side(omitted if of_one else kept, replicas=1)
    assert compare(many, one) == not_compared("its variables are too large")


def test_nothing_to_compare() -> None:
    """No step at all, or none that changes a variable or returns a number."""
    reason = "no step changes a variable or returns a number"
    assert compare(side(worker()), alone()) == not_compared(reason)
    idle = step(weight(0.0))
    assert compare(side(worker(idle)), alone(idle)) == not_compared(reason)


def test_a_step_that_only_evaluates() -> None:
    """A metric or a result is enough."""
    for each in (step(changed(TOTAL, (3.5,))), step(results=(0.5,))):
        assert "the first step agrees" in sentence(side(worker(each)), alone(each))


def test_updates_in_other_steps() -> None:
    """As where one of two runs builds its model first."""
    idle = step(weight(0.0))
    assert compare(side(worker(idle, GOOD)), alone(GOOD, GOOD)) == not_compared(
        "its first update comes in another step"
    )


def test_other_variables() -> None:
    """As where each replica has a model of its own: nothing trained has a counterpart."""
    other = mirrored(9, "alone", 70)
    one = alone(step(changed(other, (0.1, -0.2))), births=(other,))
    assert compare(side(worker(GOOD)), one) == not_compared("there it makes other variables")


def test_another_start() -> None:
    """Weights that are drawn without a seed."""
    drawn = step(weight(), bias(before=(1.5, 1.0)))
    assert compare(side(worker(drawn)), alone(GOOD)) == not_compared(
        "'bias' starts from another value"
    )


@pytest.mark.parametrize(
    ("many", "reason", "unlike_data"),
    [
        ({"elements": 16}, "a step takes 16 elements, and 8 on one replica", True),
        ({"elements": 12}, "a step takes 12 elements, and 8 on one replica", False),
        ({"digest": 78}, "a step takes other elements each time", False),
    ],
)
def test_other_elements(many: Any, reason: str, unlike_data: bool) -> None:
    """As many times as many elements are those of a program that fixes the batch of a replica."""
    other = step(weight(2.0), bias(2.0), **many)
    assert compare(side(worker(other)), alone(GOOD)) == not_compared(
        reason, unlike_data=unlike_data
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"draws": True}, "its replicas draw random numbers"),
        ({"takes": True}, "its replicas take data from iterators of their own"),
        (
            {"own_statistics": True},
            "a normalisation takes the statistics of each replica's own batch",
        ),
    ],
)
def test_why_updates_may_differ(more: Any, reason: str) -> None:
    """What is known to differ is the reason."""
    assert compare(side(worker(UNLIKE, **more)), alone(GOOD)) == not_compared(reason)


def test_unknown_data() -> None:
    """Without elements nothing shows that both runs had the same ones."""
    unknown = step(weight(1.5), bias(1.2), elements=0)
    assert compare(side(worker(unknown)), alone(GOOD)) == not_compared(
        "it is not known whether both took the same data", unlike_data=True
    )


def test_equal_results_are_of_equal_data() -> None:
    """One loss that is the same shows it, where elements are unknown."""

    def of(*losses: float, times: float = 1.0) -> FirstStep:
        return step(weight(times), bias(), elements=0, results=losses)

    assert codes(side(worker(of(0.25, times=1.5))), alone(of(0.25))) == [("TB903", 26)]
    assert codes(side(worker(of(0.26, times=1.5))), alone(of(0.25))) == []


@pytest.mark.parametrize(("value", "expected"), [(3.5, [("TB903", 26)]), (4.0, [])])
def test_equal_metrics_are_of_equal_data(value: float, expected: Any) -> None:
    """Whole numbers do not show it: other data have as many examples."""

    def of(times: float) -> FirstStep:
        return step(weight(times), bias(), changed(TOTAL, (value,)), elements=0)

    assert codes(side(worker(of(1.5))), alone(of(1.0))) == expected


def test_another_variable_starts_otherwise() -> None:
    """Then the step may compute with something else, and a difference is no finding."""

    def of(times: float, start: float) -> FirstStep:
        offset = changed(OTHER_WEIGHT, (0.0, 0.0), role=OTHER, before=(start, 1.0))
        return step(weight(times), bias(), offset)

    one = alone(of(1.0, 1.0))
    assert codes(side(worker(of(1.5, 1.0))), one) == [("TB903", 26)]
    assert codes(side(worker(of(1.5, 2.0))), one) == []


def test_statistics_of_the_own_batch() -> None:
    """A moving mean that differs explains updates that do."""
    mean = mirrored(3, "mean", 16, aggregation="MEAN")

    def of(by: float, times: float) -> FirstStep:
        return step(weight(times), bias(), changed(mean, (by, 0.1), role=OTHER))

    births = (*BIRTHS[: mean.number], mean)
    many, one = side(worker(of(0.3, 1.5)), births=births), alone(of(0.1, 1.0), births=births)
    assert compare(many, one) == not_compared("'mean' keeps statistics of each replica's own batch")


def test_updates_without_gradients() -> None:
    """What no tape trains, and no report confirms, is not compared."""
    many = side(worker(GOOD, losses=()))
    assert compare(many, alone(GOOD)) == not_compared("its variables are changed without gradients")
    confirmed = step(weight(), bias(), results=(0.5,))
    assert "the first step agrees" in sentence(side(worker(confirmed, losses=())), alone(confirmed))


def test_steps_after_an_unlike_one() -> None:
    """They say nothing any more; what agreed before is said."""
    many = side(worker(GOOD, UNLIKE, TWICE, draws=True))
    assert compare(many, alone(*[GOOD] * 3)) == Parity(
        sentence="compared with one replica: the first step agrees; a step takes 8 elements on"
        " both",
        compared=True,
    )


def test_a_slot_of_a_metric_says_nothing() -> None:
    """A slot without a loss belongs to no group: only what is trained is judged."""
    many = step(weight(), bias(), changed(MOMENTUM, (0.5, 0.5), 2.0, role=OTHER))
    one = step(weight(), bias(), changed(MOMENTUM, (0.5, 0.5), role=OTHER))
    assert codes(side(worker(many)), alone(one)) == []
