"""A case in full: its words, its picture, its code; and what strangers may have put into it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from testbed.report.records.compare import compare
from testbed.verdict.verdict import Verdict
from tests.browser.conftest import Open, Opened
from tests.browser.records import (
    COUNTED,
    COUNTED_2X2,
    HOSTILE,
    LATER,
    MERGED_2X2,
    NEW,
    RECORD,
    REJECTED,
    SKIPPED,
    UNEXPECTED,
    hostile,
    wide,
)
from tests.unit.builders import run_record


def address(verdict: Verdict) -> str:
    return f"#case={quote(verdict.case.id)}"


def count(opened: Opened, selector: str) -> int:
    return opened.page.locator(f"#detail {selector}").count()


def test_a_case_tells_all_that_is_known(open_page: Open) -> None:
    """Expected and seen, meaning, cure, claim, code with its lines, and the command."""
    opened = open_page(RECORD, address=address(COUNTED))
    text = opened.page.locator("#detail").inner_text()
    for part in (
        "counted_per_replica",
        "It counts replicas x steps: all wrote to one copy",
        "10 for 5",
        "create it inside strategy.scope()",
        "It counts.",
        "holds 5 in every copy",
        "def counter(bed: Bed) -> None:",
        f"testbed run '{COUNTED.case.id}'",
    ):
        assert part in text
    assert opened.page.locator("#detail .code .line").first.get_attribute("data-line") == "4"


def test_two_writers_of_one_copy_are_two_arrows(open_page: Open) -> None:
    """The picture has the devices, replicas, copies and arrows of the record."""
    opened = open_page(RECORD, address=address(COUNTED))
    assert count(opened, "svg .host") == 1
    assert count(opened, "svg rect.device") == 2
    assert count(opened, "svg .replica") == 2
    assert count(opened, "svg .copy.wrong") == 1
    assert count(opened, "svg path.arrow.crowded") == 2
    drawn = opened.page.locator("#detail svg").text_content()
    assert drawn is not None
    for part in ("CPU:0", "CPU:1", "ResourceVariable", "steps:0", "✗ 10", "claimed 5"):
        assert part in drawn


def test_what_is_merged_is_drawn_through_one_node(open_page: Open) -> None:
    """Four replicas lead into the merge, and it into four copies."""
    opened = open_page(RECORD, address=address(MERGED_2X2))
    assert count(opened, "svg .host") == 2
    assert count(opened, "svg .copy.right") == 4
    assert count(opened, "svg .merge") == 1
    assert opened.page.locator("#detail svg .merge").text_content() == "merged: MEAN"
    assert count(opened, "svg path.arrow.merged") == 8


def test_the_table_has_what_the_picture_has(open_page: Open) -> None:
    """Device, value and writers stand in a table, for those who cannot see the picture."""
    opened = open_page(RECORD, address=address(COUNTED))
    opened.page.get_by_text("The same as a table").click()
    row = opened.page.locator("#detail figure tbody tr").inner_text()
    for part in (
        "ResourceVariable steps:0",
        "/device:CPU:0",
        "10",
        "wrong",
        "replica 0, replica 1",
    ):
        assert part in row


def test_a_traceback_can_be_read(open_page: Open) -> None:
    """What was raised stands open, its traceback behind a click."""
    opened = open_page(RECORD, address=address(REJECTED))
    text = opened.page.locator("#detail").inner_text()
    assert "Worker 0 raised ValueError" in text
    assert "only singleton variables" in text
    assert "Traceback\nValueError" not in text
    opened.page.get_by_text("Traceback", exact=True).click()
    assert "ValueError: only singleton" in opened.page.locator("#detail").inner_text()


def test_a_picture_of_eight_replicas_is_legible(open_page: Open) -> None:
    """No text leaves its box, however long it is; the whole of it is its title."""
    opened = open_page(run_record(wide()), address=address(wide()))
    assert count(opened, "svg .replica") == 8
    beyond = opened.page.evaluate(
        """() => [...document.querySelectorAll("#detail svg .copy")].flatMap((copy) => {
            const box = copy.querySelector("rect").getBBox();
            return [...copy.querySelectorAll("text")]
              .filter((text) => text.getBBox().x + text.getBBox().width > box.x + box.width)
              .map((text) => text.textContent);
        })"""
    )
    assert beyond == []
    titles = opened.page.locator("#detail svg .copy").first.locator("title").all_text_contents()
    assert any("a_very_long_name_of_a_variable/with/many/parts:0" in title for title in titles)
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("case", ["", address(COUNTED), address(MERGED_2X2), address(REJECTED)])
@pytest.mark.parametrize("second", [False, True])
def test_a_phone_needs_no_sideways_scrolling(open_page: Open, case: str, second: bool) -> None:
    """At 375 pixels neither the page nor an open case is wider than the screen."""
    comparison = compare(RECORD, LATER) if second else None
    opened = open_page(LATER if second else RECORD, comparison, address=case, width=375)
    widths = opened.page.evaluate(
        """() => [document.documentElement, document.body, document.querySelector("#detail")]
            .map((each) => each.scrollWidth)"""
    )
    assert max(widths) <= 375


def test_hostile_texts_are_shown_and_do_nothing(open_page: Open) -> None:
    """Every text of a record is shown as it is, and none of it is run or becomes an element."""
    verdict = hostile()
    record = run_record(verdict, run=HOSTILE, began=HOSTILE, command=(HOSTILE,))
    opened = open_page(record, compare(RECORD, record))
    opened.page.locator("#matrix .cell").first.click()
    for summary in opened.page.locator("#detail summary").all():
        if summary.is_visible():
            summary.click()
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("b").count() == 0
    assert "<img src=x onerror=" in opened.page.locator("#detail h2").inner_text()
    assert "<img src=x onerror=" in (opened.page.locator("#detail svg").text_content() or "")
    found = open_page(record, address=f"#q={quote('<img src=x')}&case={quote(HOSTILE)}")
    assert len(found.shown()) == 1


def test_modes_and_neighbours_are_a_press_away(open_page: Open) -> None:
    """From an open case to its other mode, and to the next of those that are shown."""
    opened = open_page(RECORD, address=address(MERGED_2X2))
    opened.page.get_by_role("button", name="previous").click()
    title = opened.page.locator("#detail h2")
    assert "function]@mirrored-2" in title.inner_text()
    opened.page.get_by_role("button", name="eager", exact=True).click()
    assert "eager]@mirrored-2" in title.inner_text()


def test_a_press_beside_a_case_closes_it(open_page: Open) -> None:
    """The part of the page that is still seen leads back to it; inside nothing closes."""
    opened = open_page(RECORD, address=address(COUNTED))
    opened.page.mouse.click(900, 400)
    assert opened.page.locator("#detail").is_visible()
    opened.page.mouse.click(20, 400)
    assert not opened.page.locator("#detail").is_visible()


def test_an_id_can_be_copied(open_page: Open) -> None:
    """The button copies, or, where a file's page may not, selects what is to be copied."""
    opened = open_page(RECORD, address=address(COUNTED))
    button = opened.page.get_by_role("button", name="Copy the case's id")
    button.click()
    opened.page.wait_for_function(
        "() => /copied|selected/.test(document.querySelector('.bar .quiet').textContent)"
    )
    if button.inner_text() == "selected":
        assert opened.page.evaluate("getSelection().toString()") == COUNTED.case.id


def test_a_comparison_lists_exactly_what_changed(open_page: Open) -> None:
    """The changed cells, those of one side only, and the switch that leaves only those."""
    opened = open_page(LATER, compare(RECORD, LATER))
    listed = opened.page.locator("[data-opens]")
    changed = {each.get_attribute("data-opens") for each in listed.all()}
    expected = {each.case.id for each in (COUNTED_2X2, UNEXPECTED, SKIPPED, NEW)}
    assert changed == expected
    opened.page.locator("#filters [name=changed]").check()
    assert set(opened.shown()) == expected
    text = opened.page.locator("#changes").inner_text()
    assert "2.22.0" in text
    assert "7 alike" not in text
    listed.filter(has_text=COUNTED_2X2.case.id).click()
    detail = opened.page.locator("#detail")
    assert "Changed: verdict, symptom" in detail.inner_text()
    assert "What the workers saw in A" in detail.inner_text()
    opened.page.keyboard.press("Escape")
    assert opened.page.evaluate("document.activeElement.dataset.opens") == COUNTED_2X2.case.id


def test_two_equal_runs_show_no_change(open_page: Open) -> None:
    """A run beside its repeat says that nothing changed."""
    opened = open_page(RECORD, compare(RECORD, RECORD))
    assert "No cell changed" in opened.page.locator("#changes").inner_text()
    assert opened.page.locator("[data-opens]").count() == 0
