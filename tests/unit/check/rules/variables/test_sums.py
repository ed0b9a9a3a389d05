"""Means that replicas assign to variables which sum up, and sums that are right."""

from __future__ import annotations

from typing import Any

from testbed.check.observations.seen import Access, Collective
from testbed.check.rules.variables.sums import of_means
from tests.unit.check.builders import ADD, ASSIGN, by_both, mirrored, seen_of, told

MEANS = by_both(ASSIGN, assigns="mean")
READ = Collective("reduce", "()", "float32", None, reads="best:0")


def found(*accesses: Access, read: bool = True, replicas: int = 2, **more: Any) -> Any:
    """What is found of an ON_READ variable that sums up 0.5 and 0.75."""
    given = {"synchronization": "ON_READ", "aggregation": "SUM", "copies": (0.5, 0.75), **more}
    collectives = (READ,) if read else ()
    return told(
        of_means(
            [
                seen_of(
                    mirrored(**given),
                    accesses=accesses,
                    collectives=collectives,
                    replicas=replicas,
                )
            ]
        )
    )


def test_means_that_are_summed_up() -> None:
    """The line that assigns is found once, with the sum and the value of one replica."""
    evidence = "each of 2 replicas assigns a mean to 'best', and reading it sums them up"
    assert found(*MEANS) == [("TB205", 15, f"{evidence}: 1.25, where replica 0 holds 0.5")]
    assert found(*MEANS, copies=([1.0], [2.0])) == [("TB205", 15, evidence)]


def test_sums_that_are_right() -> None:
    """Shares of a sum, resets beside additions, one replica's value, and values never read."""
    assert found(*by_both(ASSIGN)) == []
    assert found(*MEANS, *by_both(ADD)) == []
    assert found(MEANS[0]) == []
    assert found(*MEANS, copies=(0.5, 0.0)) == []
    assert found(*MEANS, read=False) == []
    assert found(MEANS[0], replicas=1) == []
