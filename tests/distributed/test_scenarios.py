"""Every scenario, on every default deployment, shows what it expects."""

import pytest

from testbed.catalogue.discovery import Script
from testbed.catalogue.selection import select
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.verdict.verdict import Verdict
from tests.distributed.conftest import Judge

ALL = select([], DEFAULT_DEPLOYMENTS, None)
GROUPS = [
    pytest.param(made.id, deployment, id=f"{made.id}@{deployment}")
    for script in ALL.scripts
    for made in script.scenarios
    for deployment in DEFAULT_DEPLOYMENTS
    if made.cases([deployment])
]


@pytest.mark.parametrize(("scenario", "deployment"), GROUPS)
def test_as_expected(judge: Judge, scenario: str, deployment: object) -> None:
    """A scenario's cases on one deployment all show what its rules say."""
    cases = [c for c in ALL.cases if c.scenario == scenario and c.deployment == deployment]
    verdicts = [judge(case, ALL) for case in cases]
    assert verdicts
    assert [_told(verdict) for verdict in verdicts if not verdict.as_expected] == []


@pytest.mark.soak
@pytest.mark.parametrize("strategy", ["mirrored", "multi_worker_mirrored"])
@pytest.mark.parametrize("script", ALL.scripts, ids=lambda script: script.name)
def test_fresh_interpreters_agree(judge: Judge, script: Script, strategy: str) -> None:
    """New interpreters give the same verdicts as forked workers, a case of every scenario."""
    for made in script.scenarios:
        for case in [c for c in ALL.cases if (c.scenario, c.strategy) == (made.id, strategy)][:1]:
            forked, fresh = judge(case, ALL), judge(case, ALL, fresh=True)
            assert (fresh.kind, fresh.symptom) == (forked.kind, forked.symptom), _told(fresh)


def _told(verdict: Verdict) -> str:
    return f"{verdict.case.id}: expected {verdict.expected}, saw {verdict.seen}"
