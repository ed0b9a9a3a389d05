"""The page of an atlas: search, versions side by side, and a link to each scenario."""

from __future__ import annotations

from dataclasses import replace

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.report.atlas.merging import atlas_of
from tests.browser.conftest import Open
from tests.unit.builders import merged, rejected
from tests.unit.report.atlas.test_merging import run_of

MESSAGE = "Creating variables on a non-first call to a function decorated with tf.function."
REJECTED = rejected(MESSAGE, "counters.weight")
LATER = replace(merged(), case=REJECTED.case)
FOUR = merged(Deployment("mirrored", Cluster(1, 4)))

ATLAS = atlas_of(
    [
        run_of("2.15.1", merged(), REJECTED),
        run_of("2.16.2", merged(), REJECTED, FOUR),
        run_of("2.17.1", merged(), LATER, FOUR),
    ]
)


def test_versions_stand_side_by_side(open_page: Open) -> None:
    """A bar for each outcome, as wide as its versions; where it was not run, that is said."""
    page = open_page(ATLAS, address="#scenario=counters.weight").page
    row = page.locator('details[id="counters.weight"] tbody td')
    assert [(each.get_attribute("colspan"), each.inner_text()) for each in row.all()] == [
        ("2", f"✕rejected: ValueError\nValueError: {MESSAGE}"),
        ("1", "✓behaves"),
    ]
    # So few scenarios are open.
    other = page.locator('details[id="counters.counter"]')
    assert other.locator("td.none").inner_text() == "not run"


def test_a_pasted_message_finds_its_scenario(open_page: Open) -> None:
    """Other names and numbers in it do not matter, and the address keeps the search."""
    opened = open_page(ATLAS)
    page = opened.page
    page.locator("#q").fill(
        "ValueError: in user code: tf.function-decorated function tried creating variables on a"
        " non-first call to function 'step' decorated with tf.function, line 12"
    )
    assert page.locator("#count").inner_text() == "1 scenario, 1 case"
    assert page.locator("details.scenario").get_attribute("id") == "counters.weight"
    page.locator("#q").fill("no such thing")
    assert page.locator("#count").inner_text().startswith("nothing found")
    page.locator("#q").fill("non-first call")
    assert page.evaluate("location.hash") == "#q=non-first+call"
    assert page.locator("mark").all_inner_texts() == ["non-first call"]


def test_changes_lead_to_their_scenario(open_page: Open) -> None:
    """What changed from one version to the next, each with a link."""
    page = open_page(ATLAS).page
    steps = page.locator("#steps details")
    assert steps.count() == 1
    steps.locator("summary").click()
    assert "rejected: ValueError → behaves" in steps.inner_text()
    steps.locator("a").click()
    assert page.evaluate("location.hash") == "#scenario=counters.weight"
    assert page.locator('details[id="counters.weight"]').get_attribute("open") is not None


def test_only_changes_are_shown_if_asked(open_page: Open) -> None:
    """Filters work together, and an address sets them."""
    page = open_page(ATLAS, address="#changes=1&strategy=mirrored").page
    assert page.locator("#count").inner_text() == "1 scenario, 1 case"
    page.locator("input[name=changes]").uncheck()
    assert page.locator("#count").inner_text() == "2 scenarios, 3 cases"


def test_it_fits_a_phone(open_page: Open) -> None:
    """Nothing is wider than the screen, in both colour schemes."""
    for scheme in ("light", "dark"):
        page = open_page(ATLAS, width=360, scheme=scheme, address="#scenario=counters.weight").page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
