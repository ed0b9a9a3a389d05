"""The catalogue is a closed world: what it says is run, and what is run it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.catalogue.discovery import GROUPS, Script
from testbed.catalogue.scenario import Case, Scenario
from testbed.catalogue.selection import select
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.catalogue.versions import TESTED
from testbed.cli.main import main
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS

ROOT = Path(__file__).resolve().parents[2]
ALL = select([], DEFAULT_DEPLOYMENTS, None)
SCENARIOS = [made for script in ALL.scripts for made in script.scenarios]


def _cases(made: Scenario) -> list[Case]:
    return made.cases(DEFAULT_DEPLOYMENTS)


def test_every_script_is_read() -> None:
    """No script that comes with the testbed is broken."""
    assert ALL.problems == ()


def test_every_script_has_a_group() -> None:
    """Every script that comes with the testbed says which group it is of."""
    assert [script.name for script in ALL.scripts if script.group == GROUPS[-1]] == []


@pytest.mark.parametrize("made", SCENARIOS, ids=lambda made: made.id)
def test_every_scenario_is_run(made: Scenario) -> None:
    """Every scenario has a case on the default strategies, which the distributed tests run."""
    assert _cases(made)


@pytest.mark.parametrize("made", SCENARIOS, ids=lambda made: made.id)
def test_every_rule_decides_a_case(made: Scenario) -> None:
    """On every tested version, each @breaks that holds there is the first one in some case."""
    for frameworks in TESTED:
        deciding = {id(made.expects(case, frameworks)) for case in _cases(made)}
        holding = [rule.expectation for rule in made.rules if rule.versions.has(frameworks)]
        assert [each for each in holding if id(each) not in deciding] == [], frameworks


@pytest.mark.parametrize("made", SCENARIOS, ids=lambda made: made.id)
def test_every_rule_holds_on_a_tested_version(made: Scenario) -> None:
    """No @breaks names versions on which the catalogue was never run."""
    assert [rule for rule in made.rules if not any(map(rule.versions.has, TESTED))] == []


def test_every_symptom_is_shown() -> None:
    """Every symptom of the vocabulary is expected, and so shown, by some case."""
    shown = {made.expects(case).symptom for made in SCENARIOS for case in _cases(made)}
    assert set(SYMPTOMS) - shown == set()


@pytest.mark.parametrize("script", ALL.scripts, ids=lambda script: script.name)
def test_a_cure_stands_beside_every_break(script: Script) -> None:
    """Where a script breaks under a strategy, it also shows what behaves there."""
    for frameworks in TESTED:
        broken: set[str] = set()
        behaves: set[str] = set()
        for made in script.scenarios:
            for case in _cases(made):
                symptom = made.expects(case, frameworks).symptom
                (broken if symptom else behaves).add(case.strategy)
        assert broken - behaves == set(), frameworks


@pytest.mark.parametrize("made", SCENARIOS, ids=lambda made: made.id)
def test_docstrings_claim_what_is_shown(made: Scenario) -> None:
    """A symptom that a claim names is one that the scenario's cases show."""
    shown = {made.expects(case).symptom for case in _cases(made)}
    named = {symptom for symptom in SYMPTOMS if f"`{symptom}`" in made.claim}
    assert named - shown == set()


def test_the_table_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    """scenarios/README.md holds what `testbed list --markdown` prints; `make catalogue` puts it."""
    assert main(["list", "--markdown"]) == 0
    assert capsys.readouterr().out in (ROOT / "scenarios/README.md").read_text(encoding="utf-8")
