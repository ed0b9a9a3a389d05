"""Lookups in the catalogue of scenarios, for pages that refer to it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from docs._generate.markdown import link_to
from testbed.catalogue.scenario import Expectation, Scenario
from testbed.catalogue.selection import Selection, select
from testbed.catalogue.versions import NEWEST, TESTED
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS


@dataclass(frozen=True)
class Shown:
    """One way in which a scenario breaks."""

    scenario: Scenario
    expectation: Expectation


@functools.cache
def catalogue() -> Selection:
    """All scenarios that come with the testbed."""
    return select([], DEFAULT_DEPLOYMENTS, None)


def shown_by(symptom: str) -> list[Shown]:
    """Every scenario that shows a symptom, once for each error of TensorFlow and each cure."""
    return [each for each in _all_shown() if each.expectation.symptom == symptom]


def scenario_link(scenario_id: str, origin: str) -> str:
    """A link to the script of a scenario."""
    script = next(
        script
        for script in catalogue().scripts
        for made in script.scenarios
        if made.id == scenario_id
    )
    return link_to(script.path, origin, f"`{scenario_id}`")


@functools.cache
def _all_shown() -> list[Shown]:
    """What each scenario shows, on the newest release first."""
    found = []
    for script in catalogue().scripts:
        for made in script.scenarios:
            cases = made.cases(DEFAULT_DEPLOYMENTS)
            expected = (made.expects(case, each) for each in (NEWEST, *TESTED) for case in cases)
            found += [Shown(made, expectation) for expectation in dict.fromkeys(expected)]
    return found
