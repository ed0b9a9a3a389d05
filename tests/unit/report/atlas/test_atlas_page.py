"""The page of an atlas: one file with all its data."""

from __future__ import annotations

import json
from pathlib import Path

from testbed.report.atlas import page
from testbed.report.atlas.merging import atlas_of
from testbed.report.atlas.page import atlas_data, page_of_atlas
from tests.unit.builders import merged, rejected
from tests.unit.report.atlas.test_merging import run_of
from tests.unit.report.test_report_pages import Elements

HOSTILE = "</script><img src=x onerror=alert(1)>"
ATLAS = atlas_of(
    [
        run_of("2.15.1", merged(), rejected(HOSTILE, "counters.weight")),
        run_of("2.16.2", merged(), rejected("no", "counters.weight")),
    ]
)


def test_every_part_of_the_page_is_in_it() -> None:
    """Each file in the folder of the page is a part of it."""
    folder = Path(page.__file__).with_suffix("")
    whole = page_of_atlas(ATLAS)
    for part in folder.iterdir():
        if part.suffix != ".html":
            assert part.read_text(encoding="utf-8") in whole


def test_a_message_stays_data() -> None:
    """A message that looks like HTML ends no element."""
    elements = Elements(page_of_atlas(ATLAS))
    data = json.loads(elements.scripts[0])
    assert f"ValueError: {HOSTILE}" in data["texts"]
    assert "innerHTML" not in elements.scripts[1]


def test_outcomes_are_numbers_of_versions() -> None:
    """Each cell has its spans; equal outcomes and texts are stored once."""
    data = atlas_data(ATLAS)
    assert [each["short"] for each in data["versions"]] == ["2.15", "2.16"]
    spans = {cell[0]: cell[5] for cell in data["cells"]}
    ((first, last, outcome, texts),) = spans["counters.weight"]
    assert (first, last, data["outcomes"][outcome]) == (0, 1, ["breaks", "rejected", "ValueError"])
    assert [data["texts"][text] for text in texts] == [f"ValueError: {HOSTILE}", "ValueError: no"]
    assert [span[:2] for span in spans["counters.counter"]] == [[0, 1]]
