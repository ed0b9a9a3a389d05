"""The first steps of small programs on several replicas and on one, made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from testbed.check.observations.seen import VariableCreated
from testbed.check.parity.comparison import compare
from testbed.check.parity.first_steps import (
    METRIC,
    OTHER,
    RATE,
    SLOT,
    TRAINED,
    FirstStep,
    FirstSteps,
    Loss,
    Update,
)
from testbed.check.parity.pairing import Side
from tests.unit.check.builders import KERAS_METRIC, at, mirrored, seen_of, told

KERAS_OPTIMIZER = ("keras/src/optimizers/base_optimizer.py",)

WEIGHT, BIAS, OTHER_WEIGHT = mirrored(0, "weight"), mirrored(1, "bias", 8), mirrored(2, "other", 9)
MOMENTUM = mirrored(3, "weight_momentum", 10, libraries=KERAS_OPTIMIZER)
VELOCITY = mirrored(4, "weight_velocity", 10, libraries=KERAS_OPTIMIZER)
LEARNING_RATE = mirrored(5, "learning_rate", 10, libraries=KERAS_OPTIMIZER)
TOTAL = mirrored(6, "total", 12, libraries=KERAS_METRIC, synchronization="ON_READ")
COUNT = mirrored(7, "count", 12, libraries=KERAS_METRIC, synchronization="ON_READ")
STEPS = mirrored(8, "steps", 14, dtype="int64", aggregation="SUM")
BIRTHS = (
    *(WEIGHT, BIAS, OTHER_WEIGHT, MOMENTUM, VELOCITY),
    *(LEARNING_RATE, TOTAL, COUNT, STEPS),
)

_ROLES = {
    **dict.fromkeys((MOMENTUM.number, VELOCITY.number), SLOT),
    **dict.fromkeys((TOTAL.number, COUNT.number), METRIC),
    LEARNING_RATE.number: RATE,
    STEPS.number: OTHER,
}

ROUNDING = 1e-7
LOSS = Loss(at(26), (WEIGHT.number, BIAS.number))


def changed(
    birth: VariableCreated, delta: Sequence[float], times: float = 1.0, **more: Any
) -> Update:
    """The update of a variable that starts from 1, by a multiple of `delta`."""
    by = tuple(times * each for each in delta)
    given: dict[str, Any] = {
        "role": _ROLES.get(birth.number, TRAINED),
        "before": (1.0,) * len(by),
        "rounding": ROUNDING,
        "length": math.hypot(*by),
        **more,
    }
    return Update(birth.number, delta=by, **given)


def weight(times: float = 1.0, **more: Any) -> Update:
    """The update of the weight."""
    return changed(WEIGHT, (0.1, -0.2), times, **more)


def bias(times: float = 1.0, **more: Any) -> Update:
    """The update of the bias."""
    return changed(BIAS, (0.3, 0.1), times, **more)


def step(*updates: Update, **more: Any) -> FirstStep:
    """A step that takes 8 elements, the same ones in each run."""
    return FirstStep(**{"place": at(40), "updates": updates, "elements": 8, "digest": 77, **more})


def worker(*steps: FirstStep, losses: Sequence[Loss] = (LOSS,), **more: Any) -> FirstSteps:
    """The first steps of one worker."""
    return FirstSteps(steps, tuple(losses), **more)


def side(
    *workers: FirstSteps,
    replicas: int = 2,
    births: Sequence[VariableCreated] = BIRTHS,
    copies: bool = False,
    **seen: Any,
) -> Side:
    """A run with so many replicas in each worker."""
    observed = [seen_of(*births, worker=n, replicas=replicas, **seen) for n in range(len(workers))]
    return Side(observed, workers, copies)


def alone(*steps: FirstStep, **more: Any) -> Side:
    """A run with one replica."""
    return side(worker(*steps), replicas=1, **more)


def found(many: Side, one: Side) -> list[tuple[str, int, str]]:
    """Code, line and evidence of each finding of a comparison."""
    return told(compare(many, one).findings)


def codes(many: Side, one: Side) -> list[tuple[str, int]]:
    """Code and line of each finding of a comparison."""
    return [(code, line) for code, line, _ in found(many, one)]
