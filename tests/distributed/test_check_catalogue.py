"""`testbed check` against the catalogue: a scenario's pattern, run as a plain program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.program_run import Program
from testbed.scenario import Case
from testbed.selection import select
from testbed.strategies import DEFAULT_DEPLOYMENTS
from tests.distributed.checks import Check, checks

FOLDER = Path(__file__).resolve().parents[1] / "check"
MISSED = set((FOLDER / "missed.txt").read_text(encoding="utf-8").splitlines()[1:])

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


BREAKING = breaking()


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Checks programs; TensorFlow is imported once for all."""
    with checks(tmp_path_factory.mktemp("check")) as run:
        yield run


@pytest.mark.soak
@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_pattern_has_its_symptom(check: Check, name: str) -> None:
    """What the catalogue shows is found in a plain program, but for what is listed as missed."""
    case, symptom = BREAKING[name]
    arguments = (str(ALL.script(case).path), case.claim, case.site, case.mode)
    program = Program(str(FOLDER / "plain_bed.py"), arguments)
    checked = check(program, case.deployment, 6 if symptom == "hang" else 30)
    found = symptom in {finding.about.symptom for finding in checked.findings}
    assert found != (name in MISSED), [str(each) for each in checked.findings]


def test_what_is_missed_is_there() -> None:
    """The list of what is missed names nothing that the catalogue does not show."""
    assert MISSED - set(BREAKING) == set()
