"""The cells: what the record holds, filtered, linked, and reached by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testbed.verdict.verdict import Verdict
from tests.browser.conftest import Open
from tests.browser.records import (
    COUNTED,
    COUNTED_2X2,
    MERGED,
    MERGED_2X2,
    RECORD,
    UNEXPECTED,
    VERDICTS,
)
from tests.unit.builders import merged, run_record


def ids(wanted: Callable[[Verdict], bool]) -> list[str]:
    return sorted(verdict.case.id for verdict in VERDICTS if wanted(verdict))


def test_the_head_says_how_it_went(open_page: Open) -> None:
    """The counts, whether all was as expected, versions and command stand at the top."""
    head = open_page(RECORD).page.locator("#head")
    text = head.inner_text()
    assert "9 cases:" in text
    assert "2 unexpected" in text
    assert "✗ not as expected" in text
    assert "2.21.0" in text
    assert "testbed run counters" in text


def test_the_matrix_shows_what_the_record_holds(open_page: Open) -> None:
    """Every case of the record has its cell, and a cell says what it showed in words."""
    opened = open_page(RECORD)
    assert sorted(opened.shown()) == ids(lambda _: True)
    cell = opened.page.locator(f'[data-case="{COUNTED.case.id}"]')
    assert "counted_per_replica" in cell.inner_text()
    assert "10 for 5" in cell.inner_text()
    assert "▲" in cell.inner_text()
    unexpected = opened.page.locator(f'[data-case="{UNEXPECTED.case.id}"]')
    assert "unexpected: wrong_value" in unexpected.inner_text()
    headings = opened.page.locator("#matrix h2").all_inner_texts()
    assert headings == ["Ways of sharing", "Kinds of object"]


def test_modes_that_show_the_same_are_one_cell(open_page: Open) -> None:
    """Equal outcomes of a cell's modes stand once, and the cell names the modes."""
    cell = open_page(RECORD).page.locator(f'[data-case="{MERGED.case.id}"]')
    assert cell.get_attribute("data-modes") == "eager, function"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("verdict", "breaks", lambda v: v.kind == "breaks"),
        ("symptom", "counted_per_replica", lambda v: v.symptom == "counted_per_replica"),
        ("strategy", "mirrored", lambda v: v.case.strategy == "mirrored"),
        ("group", "kinds of object", lambda v: v.case.script == "others"),
        ("site", "in_scope", lambda v: v.case.site == "in_scope"),
        ("mode", "function", lambda v: v.case.mode == "function"),
        ("unexpected", "", lambda v: not v.as_expected),
        ("q", "singleton weight", lambda v: v.symptom == "rejected"),
    ],
)
def test_each_filter_filters(
    open_page: Open, name: str, value: str, wanted: Callable[[Verdict], bool]
) -> None:
    """A filter leaves the cells that it names, counts them, and stands in the address."""
    opened = open_page(RECORD)
    control = opened.page.locator(f"#filters [name={name}]")
    if name == "q":
        control.fill(value)
    elif name == "unexpected":
        control.check()
    else:
        control.select_option(value)
    assert sorted(opened.shown()) == ids(wanted)
    count = len(ids(wanted))
    assert opened.page.locator("#count").inner_text().startswith(f"{count} of 9 cases")
    linked = open_page(RECORD, address=opened.page.evaluate("location.hash"))
    assert sorted(linked.shown()) == ids(wanted)
    linked.page.locator("#reset").click()
    assert len(linked.shown()) == 9
    assert linked.page.evaluate("location.hash") in ("", "#")


def test_a_filter_that_nothing_matches_says_so(open_page: Open) -> None:
    """An empty matrix is told as such."""
    opened = open_page(RECORD, address="#q=no-such-thing")
    assert opened.shown() == []
    assert "No case is like that." in opened.page.locator("#matrix").inner_text()


def test_the_whole_way_by_keys(open_page: Open) -> None:
    """Skip link, arrows, Enter, Escape: a case is opened and closed, and the focus comes back."""
    opened = open_page(RECORD)
    press = opened.page.keyboard.press
    press("Tab")
    assert opened.page.evaluate("document.activeElement.id") == "skip"
    press("Enter")
    assert opened.focused() == COUNTED.case.id
    press("ArrowRight")
    assert opened.focused() == COUNTED_2X2.case.id
    press("ArrowDown")
    assert opened.focused() == MERGED_2X2.case.id
    press("Home")
    assert opened.focused() == MERGED.case.id
    press("Enter")
    dialog = opened.page.locator("#detail")
    assert dialog.is_visible()
    assert MERGED.case.id in dialog.locator("h2").inner_text()
    assert opened.page.evaluate(
        "document.querySelector('#detail').contains(document.activeElement)"
    )
    press("Escape")
    assert not dialog.is_visible()
    assert opened.focused() == MERGED.case.id
    assert opened.page.locator('#matrix .cell[tabindex="0"]').count() == 1


def test_the_focus_is_seen(open_page: Open) -> None:
    """Whatever has the focus by key has an outline."""
    opened = open_page(RECORD)
    for _ in range(4):
        opened.page.keyboard.press("Tab")
        style = opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none"


def test_a_case_has_an_address(open_page: Open) -> None:
    """A link to a case opens it; opening a case makes that link, and closing it takes it away."""
    opened = open_page(RECORD)
    opened.page.locator(f'[data-case="{COUNTED.case.id}"]').click()
    address = opened.page.evaluate("location.hash")
    linked = open_page(RECORD, address=address)
    assert COUNTED.case.id in linked.page.locator("#detail h2").inner_text()
    linked.page.locator("#detail .close").click()
    # The browser reports later that a dialog was closed.
    linked.page.wait_for_function("!location.hash.includes('case=')")


def test_grids_have_their_roles(open_page: Open) -> None:
    """Tables are grids for those who hear them, and every cell's button says all it shows."""
    opened = open_page(RECORD)
    grid = opened.page.get_by_role("grid", name="counters")
    assert grid.get_by_role("row").count() == 3
    name = "counters.counter, outside_scope, mirrored-2, eager: breaks as expected"
    assert grid.get_by_role("button", name=name).count() == 1
    assert opened.page.get_by_role("main").count() == 1
    assert opened.page.get_by_role("search").count() == 1


def test_light_and_dark(open_page: Open) -> None:
    """The page follows the system, until its button says otherwise."""
    back = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = open_page(RECORD), open_page(RECORD, scheme="dark")
    colours = light.page.evaluate(back), dark.page.evaluate(back)
    assert colours[0] != colours[1]
    light.page.locator("#theme").click()
    assert light.page.evaluate(back) == colours[1]
    dark.page.locator("#theme").click()
    assert dark.page.evaluate(back) == colours[0]


def test_a_page_without_a_run_shows_no_cells(open_page: Open) -> None:
    """What the page was not given has no section."""
    opened = open_page(None)
    assert not opened.page.locator("#run").is_visible()
    assert not opened.page.locator("#bench").is_visible()


def test_a_run_that_is_all_as_expected_says_so(open_page: Open) -> None:
    """Good news is told in words, too."""
    head = open_page(run_record(merged())).page.locator("#head").inner_text()
    assert "✓ all as expected" in head
