"""What a program reports: metrics, results and counters, where the updates are those of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testbed.check.observations.seen import SourceLine
from testbed.check.parity.first_steps import FirstStep, Update
from tests.unit.check.builders import ADD, KERAS_METRIC, access, at, mirrored
from tests.unit.check.parity.builders import (
    BIRTHS,
    COUNT,
    STEPS,
    TOTAL,
    alone,
    changed,
    codes,
    found,
    side,
    step,
    weight,
    worker,
)


def total(times: float = 1.0) -> Update:
    return changed(TOTAL, (3.5,), times)


def count(times: float = 1.0) -> Update:
    return changed(COUNT, (8.0,), times)


def steps(times: float = 1.0) -> Update:
    return changed(STEPS, (1.0,), times, before=(0.0,))


def returned(*results: float, **more: Any) -> FirstStep:
    return step(weight(), results=results, **more)


def test_a_counter_of_each_replica() -> None:
    """It is named at the line that adds to it, in replicas first, or else where it was made."""
    many, one = worker(step(weight(), steps(2.0))), alone(step(weight(), steps()))
    evidence = "step 1 adds 2 to 'steps' on 2 replicas, and 1 on one"
    assert found(side(many), one) == [("TB906", 14, evidence)]
    added = [access(ADD, 0, variable=STEPS.number, line=50)]
    assert found(side(many, accesses=added), one) == [("TB906", 50, evidence)]
    outside = [access(ADD, "outside", variable=STEPS.number, line=51)]
    assert found(side(many, accesses=outside), one) == [("TB906", 51, evidence)]
    together = [access(ADD, "merged", variable=STEPS.number, line=52)]
    for written, line in ((outside + together, 52), (outside + together + added, 50)):
        assert found(side(many, accesses=written), one) == [("TB906", line, evidence)]


def test_a_counter_that_is_right() -> None:
    """It counts each step once, and may count otherwise than by the number of replicas."""
    one = alone(step(weight(), steps()))
    assert found(side(worker(step(weight(), steps()))), one) == []
    assert found(side(worker(step(weight(), steps(3.0)))), one) == []
    unsteady = alone(step(weight(), steps(1.5)))
    assert found(side(worker(step(weight(), steps(3.0)))), unsteady) == []


def test_a_counter_that_is_divided() -> None:
    """It is known to be wrong only if both runs took the same data."""
    many, one = step(weight(), steps()), step(weight(), steps(2.0))
    assert codes(side(worker(many)), alone(one)) == [("TB906", 14)]
    unknown = side(worker(replace(many, elements=0)))
    assert codes(unknown, alone(replace(one, elements=0))) == []


def test_a_counter_comes_before_the_update() -> None:
    """The update may be computed from what the replicas count."""
    many = side(worker(step(weight(2.0), steps(2.0))))
    assert codes(many, alone(step(weight(), steps()))) == [("TB906", 14)]


def counted(**more: Any) -> list[tuple[str, int]]:
    """What is found if each replica adds to a variable that is read on demand."""
    written = [access(ADD, 0, variable=COUNT.number, line=50, **more)]
    many = side(worker(step(weight(), count(2.0))), accesses=written)
    return codes(many, alone(step(weight(), count())))


def test_a_counter_that_is_read_on_demand() -> None:
    """The program itself adds a known constant to it; else it is a flag, or part of a metric."""
    assert counted(delta=8.0) == [("TB906", 50)]
    assert counted() == []
    assert counted(delta=8.0, called="keras/src/metrics/metric.py:update_state") == [("TB904", 50)]


def test_a_metric_of_each_replica() -> None:
    """Its total is a multiple while its count is right: it is no mean any more."""
    many = side(worker(step(weight(), total(2.0), count())))
    assert found(many, alone(step(weight(), total(), count()))) == [
        ("TB904", 12, "step 1 adds 7 to 'total' on 2 replicas, and 3.5 on one")
    ]


def test_a_fraction_of_a_metric() -> None:
    """As of values that are divided although they are added."""
    many = side(worker(step(weight(), total(0.5), count())))
    assert codes(many, alone(step(weight(), total(), count()))) == [("TB904", 12)]


def test_a_mean_of_more_values_is_the_same_mean() -> None:
    """A total and a count of one multiple are right."""
    one = alone(step(weight(), total(), count()))
    for times in (1.0, 2.0, 0.5):
        many = side(worker(step(weight(), total(times), count(times))))
        assert found(many, one) == []


def test_variables_of_other_metrics_do_not_count() -> None:
    """Only the variables of one metric explain each other: of a library, those of one line."""
    births = (*BIRTHS[:7], mirrored(7, "count", 13, libraries=KERAS_METRIC))
    updated = "keras/src/metrics/metric.py:update_state"
    written = [access(ADD, 0, variable=COUNT.number, line=50, called=updated)]
    many = side(worker(step(weight(), total(2.0), count(2.0))), births=births, accesses=written)
    one = alone(step(weight(), total(), count()), births=births)
    assert codes(many, one) == [("TB904", 12), ("TB904", 50)]


def test_a_metric_of_the_program() -> None:
    """The variables that one function makes belong together."""

    def own(number: int, line: int, function: str) -> Any:
        return mirrored(number, f"own{line}", place=SourceLine("train.py", line, function))

    def judged(second: str, value: float = 8.5) -> list[tuple[str, int]]:
        births = (*BIRTHS[:6], own(6, 60, "Mean.__init__"), own(7, 61, second))
        many, one = (
            step(weight(), total(times), changed(COUNT, (value,), times)) for times in (2.0, 1.0)
        )
        return codes(side(worker(many), births=births), alone(one, births=births))

    assert judged("Mean.__init__") == []
    assert judged("Other.__init__") == [("TB904", 60), ("TB904", 61)]
    # Whole numbers may be flags of replicas.
    assert judged("Other.__init__", 8.0) == [("TB904", 60)]


def test_a_metric_of_unknown_data() -> None:
    """A single one that is a multiple may have had other data, unless another metric agrees."""
    one = alone(step(weight(), total(), elements=0))
    assert found(side(worker(step(weight(), total(2.0), elements=0))), one) == []
    accuracy = mirrored(7, "accuracy", 13, libraries=KERAS_METRIC, synchronization="ON_READ")
    births = (*BIRTHS[:7], accuracy)
    many = side(worker(step(weight(), total(2.0), count(), elements=0)), births=births)
    beside = alone(step(weight(), total(), count(), elements=0), births=births)
    assert codes(many, beside) == [("TB904", 12)]


@pytest.mark.parametrize(("number", "text"), [(1.0, "gives 1 on"), (0.25, "gives 0.25 on")])
def test_a_reduction_by_the_wrong_operation(number: float, text: str) -> None:
    """Its result is a multiple or a part, and its line is known."""
    many = side(worker(returned(number, reduced=(at(45),))))
    one = alone(returned(0.5, reduced=(at(45),)))
    assert found(many, one) == [("TB904", 45, f"step 1 {text} 2 replicas, and 0.5 on one")]


def test_the_wrong_one_of_several_results() -> None:
    """Equal results are not named, nor those that differ otherwise."""
    many = side(worker(returned(0.5, 1.0, 0.7, reduced=(at(45), at(46), at(47)))))
    one = alone(returned(0.5, 0.5, 0.5, reduced=(at(45), at(46), at(47))))
    assert codes(many, one) == [("TB904", 46)]


def test_a_result_without_a_reduction() -> None:
    """A multiple is found at the line of the step; another number is not judged."""
    for number, expected in ((1.0, [("TB904", 40)]), (0.25, [("TB904", 40)]), (0.7, [])):
        assert codes(side(worker(returned(number))), alone(returned(0.5))) == expected


def test_sums_over_copies_of_a_batch() -> None:
    """A sum over as many times the rows is no mistake where the step counts the rows, too."""
    for count, expected in ((8.0, []), (4.0, [("TB904", 45)])):
        many = returned(7.5, count, reduced=(at(45), at(46)), elements=16, digest=154)
        one = returned(3.75, 4.0, reduced=(at(45), at(46)))
        assert codes(side(worker(many), copies=True), alone(one)) == expected


def test_other_results_are_not_compared() -> None:
    """A different number of results has no pairs; zero has no multiple."""
    assert found(side(worker(returned(1.0, 1.0))), alone(returned(0.5))) == []
    assert found(side(worker(returned(1.0))), alone(returned(0.0))) == []


def test_a_wrong_update_comes_first() -> None:
    """What is reported of a wrong update is not judged."""
    many = side(worker(step(weight(2.0), total(2.0), count(), results=(1.0,))))
    one = alone(step(weight(), total(), count(), results=(0.5,)))
    assert codes(many, one) == [("TB901", 26)]
