"""Steps and variables of both runs, matched with each other."""

from __future__ import annotations

from testbed.check.parity.first_steps import TRAINED, FirstStep
from testbed.check.parity.pairing import PairedStep, Side, paired
from tests.unit.check.builders import mirrored
from tests.unit.check.parity.builders import (
    BIRTHS,
    LEARNING_RATE,
    MOMENTUM,
    STEPS,
    TOTAL,
    WEIGHT,
    alone,
    bias,
    changed,
    side,
    step,
    weight,
    worker,
)


def first(many: Side, one: Side) -> PairedStep:
    return next(paired(many, one))


def test_variables_match_by_the_line_that_made_them() -> None:
    """The numbers may differ; a variable of one run only has no counterpart."""
    shifted = mirrored(9, "weight"), mirrored(0, "unlike", 70)
    one = alone(step(changed(shifted[0], (0.1, -0.2)), changed(shifted[1], (0.5,))), births=shifted)
    pair = first(side(worker(step(weight(2.0), bias(2.0)))), one)
    assert [(each.birth, each.many.variable, each.one.variable) for each in pair.updates] == [
        (WEIGHT, 0, 9)
    ]


def test_steps_are_paired_in_their_order() -> None:
    """As many as both runs have."""
    many = side(worker(step(weight()), step(weight(2.0)), step(weight(3.0))))
    pairs = list(paired(many, alone(step(weight()), step(weight()))))
    assert [(each.number, each.many.updates[0].delta[0]) for each in pairs] == [(1, 0.1), (2, 0.2)]


def test_elements_of_all_workers_are_one_batch() -> None:
    """The elements and their digests are added; they are unknown if one worker's are."""
    halves = [worker(step(weight(), elements=4, digest=digest)) for digest in (70, 7)]
    assert first(side(*halves), alone(step(weight()))).same_elements is True
    others = [worker(step(weight(), elements=4, digest=digest)) for digest in (70, 8)]
    assert first(side(*others), alone(step(weight()))).same_elements is False
    unknown = [worker(step(weight(), elements=each)) for each in (4, 0)]
    assert first(side(*unknown), alone(step(weight()))).same_elements is None


def test_digests_are_added_modulo() -> None:
    """As each worker adds up its own digests."""
    halves = [worker(step(weight(), elements=4, digest=2**63 + each)) for each in (70, 7)]
    assert first(side(*halves), alone(step(weight()))).same_elements is True


def test_copies_of_a_batch_are_the_same_data() -> None:
    """Every replica has the elements of the single one."""
    many = side(worker(step(weight(), elements=16, digest=2 * 77)), copies=True)
    pair = first(many, alone(step(weight())))
    assert (pair.copies, pair.same_elements) == (2, True)
    more = side(worker(step(weight(), elements=16, digest=2 * 77)))
    assert first(more, alone(step(weight()))).same_elements is False


def test_metrics_of_all_workers_are_added() -> None:
    """Each worker holds its part; of other variables all hold the same."""
    parts = [
        worker(step(weight(), changed(TOTAL, (by,), before=(start,))))
        for by, start in ((3.0, 1.0), (4.0, 2.0))
    ]
    pair = first(side(*parts), alone(step(weight(), changed(TOTAL, (7.0,)))))
    total = pair.updates[1].many
    assert (total.delta, total.before, pair.updates[0].many.delta) == ((7.0,), (3.0,), (0.1, -0.2))


def test_a_metric_that_is_averaged() -> None:
    """The parts of workers are averaged if its aggregation is MEAN."""
    mean = mirrored(6, "mean", 12, synchronization="ON_READ", aggregation="MEAN")
    births = (*BIRTHS[:6], mean)
    parts = [worker(step(changed(TOTAL, (by,)))) for by in (3.0, 5.0)]
    pair = first(side(*parts, births=births), alone(step(changed(TOTAL, (4.0,))), births=births))
    assert pair.updates[0].many.delta == (4.0,)


def test_a_metric_of_the_first_replica() -> None:
    """What aggregates only the first replica has no parts of other workers."""
    own = mirrored(6, "own", 12, synchronization="ON_READ", aggregation="ONLY_FIRST_REPLICA")
    births = (*BIRTHS[:6], own)
    parts = [worker(step(changed(TOTAL, (by,)))) for by in (3.0, 5.0)]
    pair = first(side(*parts, births=births), alone(step(changed(TOTAL, (3.0,))), births=births))
    assert pair.updates[0].many.delta == (3.0,)


def test_the_learning_rate_as_a_multiple() -> None:
    """By its variable or by the rates of schedules; 1 where several optimizers disagree."""

    def rate(now: float) -> FirstStep:
        return step(changed(LEARNING_RATE, (0.0,), before=(now,)))

    assert first(side(worker(rate(0.2))), alone(rate(0.1))).rates == (2.0, 2.0)
    scheduled = side(worker(step(weight(), rates=(0.4,)))), alone(step(weight(), rates=(0.1,)))
    assert first(*scheduled).rates == (4.0, 4.0)
    several = (
        side(worker(step(weight(), rates=(0.4, 0.1)))),
        alone(step(weight(), rates=(0.1, 0.1))),
    )
    assert first(*several).rates == (1.0, 1.0)
    assert first(side(worker(step(weight()))), alone(step(weight()))).rates == (1.0, 1.0)


def test_the_learning_rate_before_and_after_a_step() -> None:
    """The step itself may set it."""
    many, one = (step(changed(LEARNING_RATE, (by,), before=(0.1,))) for by in (0.3, 0.1))
    assert first(side(worker(many)), alone(one)).rates == (1.0, 2.0)


def test_noise_has_no_ratio() -> None:
    """The gradient of a bias before a batch normalisation is zero but for rounding."""
    many = side(worker(step(weight(), bias(-3e-6, rounding=1e-9))))
    one = alone(step(weight(), bias(1e-6, rounding=1e-9)))
    assert [each.name for each in first(many, one).ratios()] == ["'weight'"]


def test_ratios_are_those_of_trained_variables_and_slots() -> None:
    """Counters of an optimizer and all other variables have none."""
    updates = (
        weight(),
        changed(MOMENTUM, (0.5, 0.5)),
        changed(TOTAL, (1.0,)),
        changed(STEPS, (1.0,)),
        changed(STEPS, (1.0,), role="slot"),
    )
    pair = first(side(worker(step(*updates))), alone(step(*updates)))
    assert [each.name for each in pair.ratios()] == ["'weight'", "'weight_momentum'"]


def test_where_training_starts() -> None:
    """The first variable that starts from another value is named."""
    many = side(worker(step(weight(), bias(before=(1.5, 1.0)))))
    assert first(many, alone(step(weight(), bias()))).unequal_start(TRAINED) == "'bias'"
    assert first(many, many).unequal_start(TRAINED) == ""


def test_all_replicas() -> None:
    """Those of each worker, times the workers."""
    assert side(worker(), worker(), replicas=2).replicas == 4
