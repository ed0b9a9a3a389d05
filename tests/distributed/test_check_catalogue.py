"""`testbed check` against the catalogue: a scenario's pattern, run as a plain program."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import select
from testbed.check.finding import ERROR
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.orders.own_code import Program
from tests.distributed.checks import Check, checks

FOLDER = Path(__file__).resolve().parents[1] / "check"


def _agreement() -> dict[str, dict[str, str]]:
    """Each reason for which a symptom is not found, and the cases that it holds for."""
    lists = configparser.ConfigParser(delimiters=(" = ",), allow_no_value=True)
    lists.optionxform = str  # type: ignore[assignment, method-assign]
    lists.read(FOLDER / "agreement.ini", encoding="utf-8")
    return {reason: dict(lists[reason]) for reason in lists.sections()}


AGREEMENT = _agreement()
ALSO_TOLD = AGREEMENT.pop("behaves and is told")
TOLD_OTHERWISE = AGREEMENT["told otherwise"]
WITHOUT = {name for reason in AGREEMENT.values() for name in reason}

ALL = select([], list(DEFAULT_DEPLOYMENTS), None)


def breaking() -> dict[str, tuple[Case, str]]:
    """The first case in which a scenario breaks by a symptom; check runs on these strategies."""
    found: dict[tuple[str, str], Case] = {}
    for case in ALL.cases:
        made = ALL.scenario(case)
        symptom = made.expects(case).symptom
        runs = case.strategy in ("mirrored", "multi_worker_mirrored") and case.mode != "compiled"
        if symptom and runs and not made.fault:
            found.setdefault((case.scenario, symptom), case)
    return {f"{case.id} {symptom}": (case, symptom) for (_, symptom), case in found.items()}


def behaving() -> dict[str, Case]:
    """The cases of two replicas in which a scenario behaves."""
    return {
        case.id: case
        for case in ALL.cases
        if str(case.deployment) in ("mirrored-2", "multi_worker_mirrored-2x1")
        and case.mode != "compiled"
        and not ALL.scenario(case).expects(case).symptom
        and not ALL.scenario(case).fault
    }


BREAKING = breaking()
BEHAVING = behaving()


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Checks programs; TensorFlow is imported once for all."""
    with checks(tmp_path_factory.mktemp("check")) as run:
        yield run


def plain(case: Case) -> Program:
    """The pattern of a case, as a program of its own."""
    arguments = (str(ALL.script(case).path), case.claim, case.site, case.mode)
    return Program(str(FOLDER / "plain_bed.py"), arguments)


@pytest.mark.soak
@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_pattern_has_its_symptom(check: Check, name: str) -> None:
    """What the catalogue shows is found in a plain program, but for what is listed."""
    case, symptom = BREAKING[name]
    fresh = ALL.scenario(case).fresh
    checked = check(plain(case), case.deployment, 6 if symptom == "hang" else 30, fresh=fresh)
    told = [str(each) for each in checked.findings]
    found = symptom in {finding.about.symptom for finding in checked.findings}
    assert found != (name in WITHOUT), told
    if name in TOLD_OTHERWISE:
        assert TOLD_OTHERWISE[name] in {finding.code for finding in checked.findings}, told


@pytest.mark.soak
@pytest.mark.parametrize("name", BEHAVING)
def test_a_behaving_pattern_has_no_error(check: Check, name: str) -> None:
    """Of what behaves nothing is said but warnings, but for what is listed with its code."""
    case = BEHAVING[name]
    checked = check(plain(case), case.deployment, 30, fresh=ALL.scenario(case).fresh)
    errors = {each.code for each in checked.findings if each.about.level == ERROR}
    expected = ALSO_TOLD.get(name)
    assert errors == ({expected} if expected else set()), [str(e) for e in checked.findings]


def test_what_is_listed_is_there() -> None:
    """The lists name nothing that the catalogue does not show."""
    assert WITHOUT - set(BREAKING) == set()
    assert set(ALSO_TOLD) - set(BEHAVING) == set()


@pytest.mark.parametrize("name", AGREEMENT["wrong on one device"])
def test_it_is_wrong_on_one_device(name: str) -> None:
    """What is said to be wrong without replication is shown to be so by the catalogue."""
    case, _ = BREAKING[name]
    alike = [
        other
        for other in ALL.cases
        if other.strategy == "default"
        and (other.scenario, other.site, other.mode) == (case.scenario, case.site, case.mode)
    ]
    assert [ALL.scenario(other).expects(other).symptom for other in alike] != [None]
    assert alike
