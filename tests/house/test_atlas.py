"""The published atlas: it is a valid one, and agrees with the catalogue and its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.catalogue.selection import select
from testbed.catalogue.versions import Frameworks
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.decoding import decoded
from testbed.report.atlas.atlas import Atlas
from testbed.report.atlas.page import page_of_atlas

FOLDER = Path(__file__).resolve().parents[2] / "docs/site"
ALL = select([], DEFAULT_DEPLOYMENTS, None)
SCENARIOS = {made.id: made for script in ALL.scripts for made in script.scenarios}


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    found = decoded(Atlas, json.loads((FOLDER / "atlas.json").read_text(encoding="utf-8")))
    found.require_consistent()
    return found


def test_the_page_is_made_from_the_atlas(atlas: Atlas) -> None:
    """`make atlas` writes both."""
    assert (FOLDER / "atlas.html").read_text(encoding="utf-8") == page_of_atlas(atlas)


def test_every_case_is_in_the_atlas(atlas: Atlas) -> None:
    """The atlas has the cases of the catalogue, and no others."""
    assert {cell.case.id for cell in atlas.cells} == {case.id for case in ALL.cases}


def test_every_outcome_is_expected(atlas: Atlas) -> None:
    """In each version a case shows what its scenario expects there."""
    numbers = {each.name: number for number, each in enumerate(atlas.versions)}
    for cell in atlas.cells:
        for outcome in cell.outcomes:
            for version in atlas.versions[numbers[outcome.first] : numbers[outcome.last] + 1]:
                frameworks = Frameworks(version.tensorflow, version.keras)
                expected = SCENARIOS[cell.scenario].expects(cell.case, frameworks)
                assert outcome.symptom == expected.symptom, (cell.case.id, version.name)
