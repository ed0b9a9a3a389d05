"""Scenarios: their decorators, the order of their rules, and what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from testbed.bootstrap import python_command
from testbed.catalogue.scenario import (
    MODES,
    SITES,
    Expectation,
    Scenario,
    breaks,
    run_script,
    scenario,
    with_script,
)
from testbed.catalogue.symptoms import SYMPTOMS
from testbed.errors import UsageError
from tests.unit.builders import DEFAULT, MIRRORED_2, WORKERS_2X2, case_of


def plain(bed: Any) -> None:
    """A counter
    counts   steps.
    """


def made_with(*rules: Callable[[Callable[..., None]], Callable[..., None]]) -> Scenario:
    """A scenario whose decorators stand in this order below each other."""

    def counter(bed: Any) -> None:
        """A counter counts steps."""

    function: Callable[..., None] = counter
    for rule in reversed(rules):
        function = rule(function)
    return scenario()(function)


def test_case_id_is_readable() -> None:
    """A case's id holds scenario, site, mode and deployment, each where people look for it."""
    case = case_of("module_global.counter", "in_scope", "function", WORKERS_2X2)
    assert case.id == "module_global.counter[in_scope,function]@multi_worker_mirrored-2x2"


def test_case_knows_its_parts() -> None:
    """A case gives rules its script, claim, strategy and numbers of workers and replicas."""
    case = case_of("module_global.counter", deployment=WORKERS_2X2)
    assert (case.script, case.claim, case.strategy) == (
        "module_global",
        "counter",
        "multi_worker_mirrored",
    )
    assert (case.workers, case.replicas_per_worker, case.replicas) == (2, 2, 4)


def test_scenario_takes_its_claim_from_the_docstring() -> None:
    """The claim is the function's docstring, on one line."""
    assert scenario()(plain).claim == "A counter counts steps."


def test_scenario_is_named_after_function_and_script() -> None:
    """A scenario's id is its script's name and its function's name."""
    made = with_script(scenario()(plain), "counters")
    assert made.id == "counters.plain"
    assert made.function is plain


def test_scenario_defaults() -> None:
    """Without arguments a scenario is made at two sites, in two modes, in forked workers."""
    made = scenario()(plain)
    assert made.sites == ("outside_scope", "in_scope")
    assert made.modes == ("eager", "function")
    assert made.fresh is False


def test_one_site_may_be_written_without_a_tuple() -> None:
    """A single site or mode as a plain string means that one, not its letters."""
    made = scenario(sites="in_replica", modes="compiled", fresh=True)(plain)
    assert (made.sites, made.modes, made.fresh) == (("in_replica",), ("compiled",), True)


def test_cases_come_in_a_fixed_order() -> None:
    """Cases are ordered by site, then mode, then deployment."""
    made = with_script(scenario(modes=("eager", "function"))(plain), "counters")
    assert [case.id for case in made.cases([DEFAULT, MIRRORED_2])] == [
        "counters.plain[outside_scope,eager]@default",
        "counters.plain[outside_scope,eager]@mirrored-2",
        "counters.plain[outside_scope,function]@default",
        "counters.plain[outside_scope,function]@mirrored-2",
        "counters.plain[in_scope,eager]@default",
        "counters.plain[in_scope,eager]@mirrored-2",
        "counters.plain[in_scope,function]@default",
        "counters.plain[in_scope,function]@mirrored-2",
    ]


def test_without_rules_a_claim_behaves() -> None:
    """A scenario without rules expects every case to behave."""
    assert made_with().expects(case_of()) == Expectation()
    assert str(Expectation()) == "behaves"


def test_the_first_rule_that_applies_decides() -> None:
    """Rules are tried in the order in which they are read, from the top."""
    made = made_with(
        breaks("hang", when=lambda case: case.workers > 1),
        breaks("misplaced", site="outside_scope"),
        breaks("wrong_value"),
    )
    assert made.expects(case_of(deployment=WORKERS_2X2)).symptom == "hang"
    assert made.expects(case_of(site="outside_scope")).symptom == "misplaced"
    assert made.expects(case_of(site="in_scope")).symptom == "wrong_value"


@pytest.mark.parametrize(
    ("site", "mode", "replicated", "applies"),
    [
        ("in_scope", "eager", True, True),
        ("outside_scope", "eager", True, False),
        ("in_scope", "function", True, False),
        ("in_scope", "eager", False, False),
    ],
)
def test_a_rule_needs_all_its_conditions(
    site: str, mode: str, replicated: bool, applies: bool
) -> None:
    """A rule applies only where site, mode and `when` all hold."""
    made = made_with(
        breaks("hang", site="in_scope", mode="eager", when=lambda case: case.replicas > 1)
    )
    case = case_of(site=site, mode=mode, deployment=MIRRORED_2 if replicated else DEFAULT)
    assert made.expects(case).symptom == ("hang" if applies else None)


def test_a_rule_carries_error_and_cure() -> None:
    """What a rule says of the error and the cure is part of the expectation."""
    expected = made_with(breaks("rejected", error="singleton", cure="make it once")).expects(
        case_of()
    )
    assert expected == Expectation("rejected", "singleton", "make it once")
    assert str(expected) == "rejected (singleton)"


def test_rules_of_two_scenarios_stay_apart() -> None:
    """A rule belongs to the function that it stands above, and to no other."""
    assert made_with(breaks("hang")).expects(case_of()).symptom == "hang"
    assert made_with().expects(case_of()).symptom is None


def test_a_rule_that_raises_is_named() -> None:
    """A rule that raises is a mistake of its script, told with scenario, symptom and error."""
    made = made_with(breaks("hang", when=lambda case: bool(1 / (case.workers - 1))))
    with pytest.raises(UsageError) as problem:
        made.expects(case_of())
    assert f"{made.id}: its rule for hang raised ZeroDivisionError" in str(problem.value)


@pytest.mark.parametrize(
    ("declare", "message", "valid"),
    [
        (lambda: breaks("hangs"), "unknown symptom 'hangs'", tuple(SYMPTOMS)),
        (lambda: breaks("hang", site="inside"), "unknown site 'inside'", SITES),
        (lambda: breaks("hang", mode="graph"), "unknown mode 'graph'", MODES),
        (lambda: scenario(sites=("in_scope", "inside")), "unknown site 'inside'", SITES),
        (lambda: scenario(modes=("graph",)), "unknown mode 'graph'", MODES),
    ],
)
def test_an_unknown_word_is_told_with_all_that_are_valid(
    declare: Callable[[], Any], message: str, valid: tuple[str, ...]
) -> None:
    """A word outside a closed list is refused, and the list is shown."""
    with pytest.raises(UsageError) as problem:
        declare()
    assert message in str(problem.value)
    assert ", ".join(valid) in str(problem.value)


@pytest.mark.parametrize(
    "declare", [lambda: breaks("rejected"), lambda: breaks("hang", error="singleton")]
)
def test_rejected_and_no_other_symptom_names_an_error(declare: Callable[[], Any]) -> None:
    """A rule names the error that TensorFlow raises if, and only if, it expects one."""
    with pytest.raises(UsageError, match="rejected"):
        declare()


@pytest.mark.parametrize(
    "declare", [lambda: scenario(sites=()), lambda: scenario(modes=())], ids=["sites", "modes"]
)
def test_a_scenario_that_has_no_case_is_refused(declare: Callable[[], Any]) -> None:
    """A scenario needs at least one site, one mode and one strategy."""
    with pytest.raises(UsageError, match="at least one site, one mode and one strategy"):
        declare()


def test_a_scenario_without_a_claim_is_refused() -> None:
    """A scenario function without a docstring states no claim, so it is refused by name."""

    def silent(bed: Any) -> None:
        return None

    with pytest.raises(UsageError, match="scenario 'silent' needs a docstring"):
        scenario()(silent)


def test_a_script_runs_itself_through_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python SCRIPT OPTIONS` becomes `testbed run SCRIPT OPTIONS` in place of the process."""
    taken: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: taken.append(command))
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "ways.py", raising=False)
    monkeypatch.setattr(sys, "argv", ["ways.py", "--mode", "eager"])
    run_script()
    assert taken == [
        python_command("testbed", "run", "ways.py", "--mode", "eager"),
    ]
