"""The way of sharing hardly matters; the place of creation does."""

import pytest

from testbed.catalogue.discovery import WAYS
from testbed.catalogue.selection import select
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, Deployment
from tests.distributed.conftest import Judge

CLAIM = "A counter counts steps, however many replicas take them."
ALL = select([], DEFAULT_DEPLOYMENTS, None)
COUNTERS = [
    case
    for case in ALL.cases
    if ALL.script(case).group == WAYS and ALL.scenario(case).claim == CLAIM
]


def test_there_are_ways_to_compare() -> None:
    """The same counter is shared in eleven ways, the three classic ones among them."""
    ways = {case.script for case in COUNTERS}
    assert ways >= {"returned", "module_global", "get_variable", "tf_module"}
    assert len(ways) >= 11


@pytest.mark.parametrize(
    "deployment",
    [
        # test_scenarios.py runs the same cases one by one.
        pytest.param(each, marks=() if str(each) == "mirrored-2" else pytest.mark.soak)
        for each in dict.fromkeys(case.deployment for case in COUNTERS)
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["eager", "function"])
def test_place_decides(judge: Judge, deployment: Deployment, mode: str) -> None:
    """Made in the scope every way behaves; made outside, all ways break alike or none does."""
    shown: dict[str, set[str]] = {"in_scope": set(), "outside_scope": set()}
    for case in COUNTERS:
        if (case.deployment, case.mode) == (deployment, mode):
            shown[case.site].add(judge(case, ALL).seen)
    several = deployment.cluster.replicas_per_worker > 1
    assert shown["in_scope"] == {"behaves"}
    assert shown["outside_scope"] == {"counted_per_replica: 10 for 5" if several else "behaves"}
