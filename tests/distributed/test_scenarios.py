"""Every scenario, on every default deployment, shows what it expects."""

from __future__ import annotations

import pytest

from testbed.catalogue.discovery import Script
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import select
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS, Deployment
from testbed.verdict.verdict import Verdict
from tests.distributed.conftest import Judge

ALL = select([], DEFAULT_DEPLOYMENTS, None)


def by_deployment() -> dict[tuple[str, Deployment], list[Case]]:
    """The cases of each scenario on each deployment."""
    found: dict[tuple[str, Deployment], list[Case]] = {}
    for case in ALL.cases:
        found.setdefault((case.scenario, case.deployment), []).append(case)
    return found


GROUPS = by_deployment()


def representatives() -> set[tuple[str, Deployment]]:
    """The largest deployment of those on which a scenario is expected to do the same."""
    expected = {
        (name, frozenset((c.site, c.mode, ALL.scenario(c).expects(c).symptom) for c in cases)): (
            name,
            deployment,
        )
        # Later entries replace earlier ones, and the default deployments grow.
        for (name, deployment), cases in GROUPS.items()
    }
    return set(expected.values())


CHOSEN = representatives()


@pytest.mark.parametrize(
    ("scenario", "deployment"),
    [
        pytest.param(
            *group,
            id="@".join(map(str, group)),
            marks=() if group in CHOSEN else pytest.mark.soak,
        )
        for group in GROUPS
    ],
)
def test_as_expected(judge: Judge, scenario: str, deployment: Deployment) -> None:
    """A scenario's cases on one deployment all show what its rules say."""
    verdicts = [judge(case, ALL) for case in GROUPS[scenario, deployment]]
    assert [_told(verdict) for verdict in verdicts if not verdict.as_expected] == []


def test_every_deployment_and_expectation_is_shown() -> None:
    """What `make test` leaves to `make soak` is expected to do what another deployment shows."""
    assert {deployment for _, deployment in CHOSEN} == set(DEFAULT_DEPLOYMENTS)
    assert {_expectation(case) for case in ALL.cases} == {
        _expectation(case) for group in CHOSEN for case in GROUPS[group]
    }


def _expectation(case: Case) -> tuple[str, str, str, str | None]:
    return case.scenario, case.site, case.mode, ALL.scenario(case).expects(case).symptom


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
