"""Looks scenarios up by what they show: a symptom, a word, or the text of an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from testbed.catalogue.discovery import Script
from testbed.catalogue.scenario import Expectation, Scenario
from testbed.catalogue.versions import NEWEST, TESTED, Frameworks
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS

# A shorter text of an error, like the name of a type, fits too many messages.
_SHORTEST_ERROR = 16


def failures_of(made: Scenario) -> Counter[Expectation]:
    """The expected failures of a scenario on the default strategies, with their numbers of cases.

    Those of the newest tested versions come first, then those that only other versions show. The
    cures are left out.
    """
    failures: Counter[Expectation] = Counter()
    for frameworks in (NEWEST, *TESTED):
        here = Counter(
            replace(each, cure="") for each in _expected(made, frameworks) if each.symptom
        )
        failures.update({each: here[each] for each in here if each not in failures})
    return failures


def symptoms_of(scenarios: Iterable[Scenario]) -> Counter[str]:
    """The symptoms that scenarios show on the default strategies, with their numbers of cases.

    These are the symptoms on the newest tested versions.
    """
    expected = (each.symptom for made in scenarios for each in _expected(made))
    return Counter(symptom for symptom in expected if symptom)


def count_of(scenarios: Iterable[Scenario]) -> int:
    """The number of cases on the default strategies."""
    return sum(len(made.cases(DEFAULT_DEPLOYMENTS)) for made in scenarios)


def mentioning(word: str, scripts: Iterable[Script]) -> list[Scenario]:
    """The scenarios whose name, claim or script's title contains a word, in any case."""
    word = word.lower()
    return [
        made
        for script in scripts
        for made in script.scenarios
        if word in f"{made.id} {made.claim} {script.title}".lower()
    ]


def rejected_with(text: str, scripts: Iterable[Script]) -> tuple[Scenario, Expectation] | None:
    """The scenario that expects the error whose message is in a text; the longest message wins."""
    found = [
        (made, rule.expectation)
        for script in scripts
        for made in script.scenarios
        for rule in made.rules
        if len(rule.expectation.error) >= _SHORTEST_ERROR and rule.expectation.error in text
    ]
    return max(found, key=lambda each: len(each[1].error), default=None)


def _expected(made: Scenario, frameworks: Frameworks = NEWEST) -> list[Expectation]:
    return [made.expects(case, frameworks) for case in made.cases(DEFAULT_DEPLOYMENTS)]
