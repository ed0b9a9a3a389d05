"""Updates that are not those of one replica, each under its code and at its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.parity.comparison import compare
from testbed.check.parity.first_steps import FirstStep, Loss, Update
from tests.unit.check.builders import at, mirrored
from tests.unit.check.parity.builders import (
    BIAS,
    BIRTHS,
    LEARNING_RATE,
    MOMENTUM,
    OTHER_WEIGHT,
    VELOCITY,
    WEIGHT,
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

CLIPPED = mirrored(3, "iterations", 21, clips="clipnorm=1.0")


def momentum(times: float = 1.0) -> Update:
    return changed(MOMENTUM, (0.5, -1.0), times, before=(0.0, 0.0))


def velocity(times: float = 1.0) -> Update:
    return changed(VELOCITY, (0.01, 0.04), times, before=(0.0, 0.0))


def rated(rate: float, *updates: Update) -> FirstStep:
    return step(*updates, changed(LEARNING_RATE, (0.0,), before=(rate,)))


@pytest.mark.parametrize(
    ("times", "replicas", "code", "text"),
    [
        (2.0, 2, "TB901", "by 0.4472 on 2 replicas, and by 0.2236 on one: 2 times as much"),
        (4.0, 4, "TB901", "by 0.8944 on 4 replicas, and by 0.2236 on one: 4 times as much"),
        (0.5, 2, "TB902", "by 0.1118 on 2 replicas, and by 0.2236 on one: 1/2 of it"),
    ],
)
def test_a_loss_that_is_not_divided_or_divided_twice(
    times: float, replicas: int, code: str, text: str
) -> None:
    """All variables of the loss move by the number of replicas, or by its inverse."""
    many = side(worker(step(weight(times), bias(times))), replicas=replicas)
    assert found(many, alone(step(weight(), bias()))) == [
        (code, 26, f"step 1 moves 'weight' {text}, and so all 2 variables")
    ]


def test_one_variable_has_no_others() -> None:
    """The evidence names the only variable."""
    ((code, _, evidence),) = found(side(worker(step(weight(2.0)))), alone(step(weight())))
    assert (code, evidence.endswith("2 times as much")) == ("TB901", True)


def test_equal_within_rounding() -> None:
    """Sums in another order are no finding, nor noise beside a longer update."""
    many = side(worker(step(weight(1.0005), bias(-2e-6, rounding=1e-9))))
    one = alone(step(weight(), bias(1e-6, rounding=1e-9)))
    assert found(many, one) == []
    assert found(many, alone(step(weight(0.9), bias(1e-6, rounding=1e-9)))) != []


def test_roughly_as_many_times() -> None:
    """A step of several updates goes other ways after the first: the factor is only near to R."""
    many = side(worker(step(weight(1.9), bias(1.9))))
    assert found(many, alone(step(weight(), bias()))) == [
        (
            "TB901",
            26,
            "step 1 changes 'weight' by 0.4249 on 2 replicas, and by 0.2236 on one:"
            " 1.9 times as much, and so all 2 variables",
        )
    ]


def test_the_slots_of_adam_are_the_factor_and_its_square() -> None:
    """The weights move as on one replica, which only the slots betray."""
    many = side(worker(step(weight(), momentum(2.0), velocity(4.0))))
    assert found(many, alone(step(weight(), momentum(), velocity()))) == [
        (
            "TB907",
            26,
            "step 1 changes the slot 'weight_momentum' by 2.236 on 2 replicas, and by 1.118 on"
            " one: 2 times as much",
        )
    ]
    equal = side(worker(step(weight(), momentum(), velocity())))
    assert found(equal, alone(step(weight(), momentum(), velocity()))) == []


def test_the_slots_of_adam_decide_alone() -> None:
    """Its weights may move otherwise; they only show whether the factor is hidden."""
    fraction = side(worker(step(weight(), momentum(0.5), velocity(0.25))))
    one = alone(step(weight(), momentum(), velocity()))
    assert codes(fraction, one) == [("TB907", 26)]
    other = side(worker(step(weight(1.5), momentum(2.0), velocity(4.0))))
    assert codes(other, one) == [("TB901", 26)]
    equal = side(worker(step(weight(1.5), momentum(), velocity())))
    assert codes(equal, one) == []
    squares = side(worker(step(weight(), momentum(), velocity(3.0))))
    assert codes(squares, one) == [("TB903", 26)]


@pytest.mark.parametrize("name", ["weight_velocity", "Adam/v/weight", "weight_accumulator"])
@pytest.mark.parametrize(("times", "text"), [(4.0, "4 times as much"), (0.25, "1/4 of it")])
def test_squares_alone(name: str, times: float, text: str) -> None:
    """RMSprop and Adagrad have no other slots."""
    births = (*BIRTHS[: VELOCITY.number], replace(VELOCITY, name=f"{name}:0"))
    many = side(worker(step(weight(), velocity(times))), births=births)
    ((code, _, evidence),) = found(many, alone(step(weight(), velocity()), births=births))
    assert code == "TB907"
    assert evidence.endswith(f": {text}")


def test_squares_that_grow_like_the_rate() -> None:
    """They are neither equal nor the square of four; the first variable is named."""
    many = side(worker(rated(0.2, weight(2.0), velocity(2.0))), replicas=4)
    ((code, _, evidence),) = found(many, alone(rated(0.1, weight(), velocity())))
    assert (code, evidence.startswith("step 1 changes 'weight' by")) == ("TB903", True)


def test_momentum_is_no_adam() -> None:
    """Where weights and slots are twice as long, the weights show it."""
    many = side(worker(step(weight(2.0), momentum(2.0))))
    assert codes(many, alone(step(weight(), momentum()))) == [("TB901", 26)]


@pytest.mark.parametrize("times", [1.0, 2.0])
def test_a_learning_rate_for_all_replicas(times: float) -> None:
    """Twice the rate moves twice as far on purpose; Adam's equal updates are right as well."""
    many = side(worker(rated(0.2, weight(times), bias(times))))
    assert found(many, alone(rated(0.1, weight(), bias()))) == []


def test_a_learning_rate_does_not_hide_a_loss() -> None:
    """Four times the update is twice too much where the rate is twice as high."""
    many = side(worker(rated(0.2, weight(4.0), bias(4.0))))
    assert codes(many, alone(rated(0.1, weight(), bias()))) == [("TB901", 26)]


def test_a_learning_rate_that_the_step_sets() -> None:
    """The update tells which rate it used: that before, or that after."""
    for used in (1.0, 2.0):
        many, one = (
            step(weight(times), changed(LEARNING_RATE, (by,), before=(0.1,)))
            for times, by in ((used, 0.3), (1.0, 0.1))
        )
        assert found(side(worker(many)), alone(one)) == []
        third = side(worker(replace(many, updates=(weight(3.0), *many.updates[1:]))))
        assert codes(third, alone(one)) == [("TB903", 26)]


def test_a_learning_rate_that_explains_nothing() -> None:
    """Then the rate before the step counts."""
    many, one = (
        step(weight(times), changed(LEARNING_RATE, (by,), before=(0.1,)))
        for times, by in ((2.0, 0.7), (1.0, 0.1))
    )
    assert codes(side(worker(many)), alone(one)) == [("TB901", 26)]


def test_a_loss_that_is_scaled_in_another_line() -> None:
    """What divides once more is the last line of the loss; what does not is its reduction."""
    loss = Loss(at(26), (WEIGHT.number, BIAS.number), last=at(29))
    one = alone(step(weight(), bias()))
    for times, expected in ((0.5, ("TB902", 29)), (2.0, ("TB901", 26))):
        many = side(worker(step(weight(times), bias(times)), losses=[loss]))
        assert codes(many, one) == [expected]


def test_a_term_that_is_added_to_the_loss() -> None:
    """It is shown beside an update that differs otherwise."""
    loss = Loss(at(26), (WEIGHT.number, BIAS.number), adds=at(28))
    many = side(worker(step(weight(), bias(1.5)), losses=[loss]))
    (only,) = compare(many, alone(step(weight(), bias()))).findings
    assert (only.code, only.place, only.use) == ("TB903", at(26), at(28))


def test_updates_in_another_direction() -> None:
    """No factor explains it; the line of the loss is all that is known."""
    many = side(worker(step(changed(WEIGHT, (0.2, 0.1)), bias())))
    assert found(many, alone(step(weight(), bias()))) == [
        (
            "TB903",
            26,
            "step 1 changes 'weight' by 0.2236 on 2 replicas, and by 0.2236 on one, in another"
            " direction",
        )
    ]


def test_factors_that_differ() -> None:
    """The first variable that differs is named."""
    ((code, _, evidence),) = found(
        side(worker(step(weight(), bias(1.5)))), alone(step(weight(), bias()))
    )
    assert (code, evidence) == (
        "TB903",
        "step 1 changes 'bias' by 0.4743 on 2 replicas, and by 0.3162 on one",
    )


@pytest.mark.parametrize(
    ("first", "births", "line"),
    [
        ({}, BIRTHS, 26),
        ({"limits": (at(31), at(32))}, BIRTHS, 31),
        ({"limits": (at(31),)}, (*BIRTHS[:3], CLIPPED), 21),
    ],
)
def test_the_line_that_limits_gradients(first: Any, births: Any, line: int) -> None:
    """The optimizer that clips comes before a function that limits, and that before the loss."""
    many = side(worker(step(weight(1.5), bias(1.2)), **first), births=births)
    assert codes(many, alone(step(weight(), bias()), births=births)) == [("TB903", line)]


@pytest.mark.parametrize("times", [2.0, 1.9, 0.5])
def test_limits_explain_a_multiple(times: float) -> None:
    """The sum of limited gradients may reach the limit once for each replica."""
    many = side(worker(step(weight(times), bias(times)), limits=(at(31),)))
    assert codes(many, alone(step(weight(), bias()))) == [("TB903", 31)]


DECAYED = (3.0, 1.0, 2.0)


def regularised(times: float) -> tuple[FirstStep, FirstStep]:
    """A step whose loss has its regularisation once for each of two replicas, and one replica's."""
    by = (times * 0.1 - 0.03, times * -0.2 - 0.01, times * 0.2 - 0.02)
    one = changed(WEIGHT, (0.1, -0.2, 0.2), before=DECAYED)
    return step(changed(WEIGHT, by, before=DECAYED), bias(times)), step(one, bias())


@pytest.mark.parametrize(("adds", "line"), [(at(28), 28), (None, 26)])
def test_regularisation_of_each_replica(adds: Any, line: int) -> None:
    """The difference is a multiple of the weights, at the line that adds it to the loss."""
    many, one = regularised(1.0)
    loss = Loss(at(26), (WEIGHT.number, BIAS.number), adds)
    assert found(side(worker(many, losses=[loss])), alone(one)) == [
        (
            "TB905",
            line,
            "step 1 changes 'weight' by 0.2853 on 2 replicas, and by 0.3 on one; the"
            " difference is -0.01 times the weights, which is their regularisation",
        )
    ]


def test_one_loss_of_several_is_wrong() -> None:
    """Each loss has its variables; the other one's are not named."""
    losses = [Loss(at(26), (WEIGHT.number,)), Loss(at(36), (OTHER_WEIGHT.number,))]
    other = changed(OTHER_WEIGHT, (0.5, 0.25))
    many = side(worker(step(weight(), changed(OTHER_WEIGHT, (0.5, 0.25), 2.0)), losses=losses))
    assert found(many, alone(step(weight(), other))) == [
        (
            "TB901",
            36,
            "step 1 moves 'other' by 1.118 on 2 replicas, and by 0.559 on one: 2 times as much",
        )
    ]
    both = worker(step(weight(0.5), changed(OTHER_WEIGHT, (0.5, 0.25), 2.0)), losses=losses)
    assert codes(side(both), alone(step(weight(), other))) == [("TB902", 26), ("TB901", 36)]


def test_slots_belong_to_their_variables() -> None:
    """With several losses a slot is judged with the variable whose name it bears."""
    losses = [Loss(at(26), (WEIGHT.number,)), Loss(at(36), (OTHER_WEIGHT.number,))]
    other = changed(OTHER_WEIGHT, (0.5, 0.25))
    many = worker(step(weight(), other, momentum(2.0), velocity(4.0)), losses=losses)
    one = alone(step(weight(), other, momentum(), velocity()))
    assert codes(side(many), one) == [("TB907", 26)]


def test_a_loss_of_a_library() -> None:
    """Without a line of the program the step itself is named."""
    loss = Loss(None, (WEIGHT.number, BIAS.number))
    many = side(worker(step(weight(2.0), bias(2.0)), losses=[loss]))
    assert codes(many, alone(step(weight(), bias()))) == [("TB901", 40)]


def test_a_later_step() -> None:
    """Where the first step agrees, the next one is judged; the first that differs is named."""
    many = side(worker(step(weight(), bias()), step(weight(2.0), bias(2.0)), step(weight(2.0))))
    one = alone(*[step(weight(), bias())] * 2, step(weight()))
    ((code, _, evidence),) = found(many, one)
    assert (code, evidence.startswith("step 2 moves 'weight'")) == ("TB901", True)


def test_what_is_not_certain_is_no_finding() -> None:
    """An unexplained difference is one only if the data are the same and nothing else differs."""
    one = alone(step(weight(), bias()))
    unlike = step(weight(1.5), bias(1.2))
    for first in (
        worker(unlike, draws=True),
        worker(unlike, takes=True),
        worker(unlike, own_statistics=True),
    ):
        assert found(side(first), one) == []
    unknown = replace(unlike, elements=0)
    assert found(side(worker(unknown)), one) == []
    assert codes(side(worker(unlike)), one) == [("TB903", 26)]
