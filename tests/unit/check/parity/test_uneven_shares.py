"""Updates by steps whose replicas have different numbers of elements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.finding import NOTE, WARNING, Finding
from testbed.check.parity.comparison import compare
from testbed.check.parity.first_steps import FirstStep, Loss
from testbed.check.parity.pairing import paired
from tests.unit.check.builders import at
from tests.unit.check.parity.builders import (
    BIAS,
    COUNT,
    LOSS,
    TOTAL,
    WEIGHT,
    alone,
    bias,
    changed,
    codes,
    side,
    step,
    weight,
    worker,
)

OF_LIBRARY = Loss(None, (WEIGHT.number, BIAS.number))
GOOD = step(weight(), bias())
EVEN, UNEVEN, EMPTY = (4, 4), (2, 1), (1, 0)


def of(times: float, shares: tuple[int, ...] = (), *more: Any) -> FirstStep:
    """A step whose updates are so many times as long."""
    return step(weight(times), bias(times), *more, shares=shares)


def counted(number: float, reset: bool = False) -> tuple[Any, ...]:
    """The updates of the metrics of Keras' fit; `reset` at the end of an epoch."""
    deltas, before = ((number, 2.5 * number), 0.0) if not reset else ((-8.0, -20.5), None)
    births = (COUNT, TOTAL)
    return tuple(
        changed(birth, (delta,), before=(-delta if before is None else before,))
        for birth, delta in zip(births, deltas, strict=True)
    )


def findings(*steps: FirstStep, one: FirstStep = GOOD, **more: Any) -> tuple[Finding, ...]:
    return compare(side(worker(*steps, **more)), alone(*[one] * len(steps))).findings


@pytest.mark.parametrize("times", [0.5, 1.2])
@pytest.mark.parametrize("shares", [UNEVEN, EMPTY])
def test_means_of_uneven_shares(times: float, shares: tuple[int, ...]) -> None:
    """Equal shares gave the right update, so the loss is divided right but for the short batch."""
    (found,) = findings(of(1.0, EVEN), of(times, shares))
    assert (found.code, found.place, found.about.level) == ("TB705", at(26), WARNING)
    numbers = " and ".join(map(str, shares))
    assert found.evidence.startswith("step 2 changes 'weight' by")
    assert found.evidence.endswith(
        f"; the replicas take {numbers} elements, and their means count the same"
    )


def test_equal_shares_and_unknown_ones() -> None:
    """The update has another reason then."""
    for shares in (EVEN, (), (4,)):
        (found,) = findings(of(1.0, shares), of(0.5, shares))
        assert found.code == "TB902"


def test_the_first_step() -> None:
    """There the loss itself has to be a mean, and the update about that of averaged means."""
    own_mean = replace(LOSS, own_mean=True)

    def code(times: float, shares: tuple[int, ...], *losses: Loss) -> str:
        (found,) = findings(of(times, shares), losses=losses)
        return found.code

    assert code(0.5, EMPTY, own_mean) == "TB705"
    assert code(1.2, UNEVEN, own_mean) == "TB705"
    assert code(0.5, EMPTY, LOSS) == "TB902"
    assert code(0.5, EVEN, own_mean) == "TB902"
    assert code(0.25, EMPTY, own_mean) == "TB903"
    assert code(2.0, UNEVEN, own_mean) == "TB901"


def test_limited_gradients() -> None:
    """A limit may explain the difference as well."""
    (found,) = findings(of(1.0, EVEN), of(1.2, UNEVEN), limits=(at(30),))
    assert (found.code, found.place) == ("TB903", at(30))


@pytest.mark.parametrize("more", [{"draws": True}, {"takes": True}, {"own_statistics": True}])
def test_what_is_not_certain(more: dict[str, Any]) -> None:
    """Random numbers differ anyway; a right program has no finding."""
    assert findings(of(1.0, EVEN), of(0.5, EMPTY), **more) == ()
    assert findings(of(1.0, EVEN), of(1.0, EMPTY)) == ()


def test_fit_of_a_library() -> None:
    """Its data are not seen: its metric counts them, or is reset after the last batch."""
    ended = (of(1.0, (), *counted(8.0)), of(0.5, (), *counted(8.0, reset=True)))
    short = (of(1.0, (), *counted(8.0)), of(0.5, (), *counted(1.0)))
    for steps in (ended, short, short[1:]):
        ones = [replace(each, updates=(*GOOD.updates, *each.updates[2:])) for each in steps]
        many = side(worker(*steps, losses=[OF_LIBRARY]))
        (found,) = compare(many, alone(*ones)).findings
        assert (found.code, found.place, found.about.level) == ("TB705", at(40), NOTE)
    full = of(0.5, (), *counted(8.0))
    assert [each.code for each in findings(full, losses=[OF_LIBRARY])] == ["TB902"]
    assert [each.code for each in findings(short[1])] == ["TB902"]


def test_shares_of_all_workers() -> None:
    """A worker without a row has no elements, and that is known."""
    one, other = of(0.5, (1,)), replace(of(0.5, (0,)), elements=0, digest=0)
    many = side(worker(of(1.0, (4,)), one), worker(of(1.0, (4,)), other), replicas=1)
    second = list(paired(many, alone(*[GOOD] * 2)))[1]
    assert (second.many.shares, second.many.elements) == ((1, 0), 8)
    whole = replace(GOOD, elements=16, digest=154)
    assert codes(many, alone(whole, GOOD)) == [("TB705", 26)]
    unknown = replace(other, shares=())
    many = side(worker(of(1.0, (4,)), one), worker(of(1.0, (4,)), unknown), replicas=1)
    second = list(paired(many, alone(*[GOOD] * 2)))[1]
    assert (second.many.shares, second.many.elements) == ((), 0)
