"""Every scenario, on every default deployment, shows what it expects."""

from __future__ import annotations

import pytest

from testbed.catalogue.discovery import Script
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import select
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.verdict.verdict import Verdict
from tests.distributed.conftest import Judge

ALL = select([], DEFAULT_DEPLOYMENTS, None)


LARGEST = 6
"""One in so many expectations is shown on its largest deployment, the others on a small one."""


def _expectation(case: Case) -> tuple[str, str | None]:
    return case.scenario, ALL.scenario(case).expects(case).symptom


def representatives() -> set[str]:
    """A case of each expectation, with several replicas if possible; sites and modes in turn."""
    alike: dict[tuple[str, str | None], list[Case]] = {}
    for case in ALL.cases:
        alike.setdefault(_expectation(case), []).append(case)
    chosen = set()
    for number, cases in enumerate(alike.values()):
        several = [case for case in cases if case.replicas > 1] or cases
        # The default deployments grow.
        deployment = several[0 if number % LARGEST else -1].deployment
        found = [case for case in several if case.deployment == deployment]
        chosen.add(found[number // LARGEST % len(found)].id)
    return chosen


CHOSEN = representatives()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.id, marks=() if case.id in CHOSEN else pytest.mark.soak)
        for case in ALL.cases
    ],
)
def test_as_expected(judge: Judge, case: Case) -> None:
    """A case shows what its scenario's rules say."""
    verdict = judge(case, ALL)
    assert verdict.as_expected, _told(verdict)


def test_every_deployment_site_mode_and_expectation_is_shown() -> None:
    """What `make test` leaves to `make soak` is expected to do what another case shows."""
    chosen = [case for case in ALL.cases if case.id in CHOSEN]
    assert {case.deployment for case in chosen} == set(DEFAULT_DEPLOYMENTS)
    assert {case.site for case in chosen} == {case.site for case in ALL.cases}
    assert {case.mode for case in chosen} == {case.mode for case in ALL.cases}
    assert {_expectation(case) for case in chosen} == {_expectation(case) for case in ALL.cases}


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
