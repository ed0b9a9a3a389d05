"""The page of a benchmark, alone and beside a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.bench.doubts import Doubt
from testbed.bench.show.page import bench_data
from tests.browser.conftest import Open
from tests.browser.records import RECORD
from tests.unit.bench.builders import every_part

BENCH = bench_data(every_part())


def test_a_benchmark_stands_alone(open_page: Open) -> None:
    """Without a run there is no matrix; each part has its tables."""
    page = open_page(None, bench=BENCH).page
    assert page.title().startswith("Benchmark: 7 rows, 3 rounds")
    assert page.locator("#run").is_hidden()
    assert page.locator(".part").count() == 4
    assert page.locator(".measured table").count() == 4
    cells = page.locator("#part-sharing tbody tr").all_inner_texts()
    assert [cell.split("\t")[0] for cell in cells] == [
        "weight of 4 B, outside_scope",
        "weight of 4 B, in_scope",
    ]


def test_plots_are_pictures_that_load(open_page: Open) -> None:
    """Each plot has a size, so it was drawn, and words for who does not see it."""
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    page = open_page(None, bench=BENCH).page
    plots = page.locator(".plot img")
    assert plots.count() == 3
    for number in range(3):
        assert plots.nth(number).evaluate("image => image.complete && image.naturalWidth > 100")
        assert plots.nth(number).get_attribute("alt")


def test_doubts_come_before_figures(open_page: Open) -> None:
    """What makes the figures doubtful stands above them, with the next step."""
    page = open_page(None, bench=BENCH).page
    doubts, part = (
        page.locator(".doubts").bounding_box(),
        page.locator(".part").first.bounding_box(),
    )
    assert doubts
    assert part
    assert doubts["y"] < part["y"]
    assert "Next: next." in page.locator(".doubts").inner_text()


def test_a_benchmark_stands_beside_a_run(open_page: Open) -> None:
    """One page holds the cells and the costs."""
    opened = open_page(RECORD, bench=BENCH)
    assert opened.page.locator("#run").is_visible()
    assert opened.page.locator("#bench").is_visible()
    assert opened.shown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it(open_page: Open, scheme: str) -> None:
    """At 375 pixels only tables and plots scroll sideways, each within itself."""
    page = open_page(None, bench=BENCH, width=375, scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_doubt_from_elsewhere_is_text(open_page: Open) -> None:
    """A record that looks like HTML is shown as it is, and runs nothing."""
    hostile = Doubt("drift", "</script><img src=x onerror=alert(1)>", "'\"", "<b>x</b>")
    page = open_page(None, bench=bench_data(replace(every_part(), doubts=(hostile,)))).page
    assert "</script><img src=x onerror=alert(1)>" in page.locator(".doubts").inner_text()
    assert page.locator(".doubts img").count() == 0
