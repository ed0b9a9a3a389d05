"""The cells: what the record holds, filtered, linked, and reached by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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
from tests.unit.builders import (
    DEFAULT,
    MIRRORED_2,
    case_of,
    merged,
    run_record,
    verdict_of,
)


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


def test_the_page_opens_on_what_is_unexpected(open_page: Open) -> None:
    """Unexpected cases come first, with their expectation; each one opens, and closes again."""
    opened = open_page(RECORD)
    opening = opened.page.locator("#head .opening")
    wanted = ids(lambda v: not v.as_expected)
    assert opening.locator("h2").inner_text() == "Unexpected: 2 of 9 cases"
    assert sorted(opening.locator("[data-opens]").all_inner_texts()) == wanted
    assert "✗ wrong_value: 3 for 4" in opening.inner_text()
    assert not opening.locator(".sites").count()
    opening.locator(f'[data-opens="{UNEXPECTED.case.id}"]').click()
    assert UNEXPECTED.case.id in opened.page.locator("#detail h2").inner_text()
    opened.page.keyboard.press("Escape")
    assert opened.page.evaluate("document.activeElement.dataset.opens") == UNEXPECTED.case.id


def test_many_unexpected_cases_are_a_click_away(open_page: Open) -> None:
    """The opening shows ten of them; its button filters the cells."""
    many = [
        verdict_of(case_of(f"others.weight_{n}"), "hang", "never ended", as_expected=False)
        for n in range(12)
    ]
    opened = open_page(run_record(merged(), *many))
    assert opened.page.locator(".opening [data-opens]").count() == 10
    opened.page.get_by_role("button", name="show all 12").click()
    assert sorted(opened.shown()) == sorted(each.case.id for each in many)


def test_a_page_without_surprises_opens_on_the_thesis(open_page: Open) -> None:
    """In scope against outside, on each deployment; the conclusion only if the run shows it."""
    shared = [
        verdict_of(case_of(f"{way}.counter", site, deployment=deployment), symptom)
        for way in ("returned", "module_global")
        for deployment in (DEFAULT, MIRRORED_2)
        for site in ("outside_scope", "in_scope")
        for symptom in [
            "counted_per_replica" if site == "outside_scope" and deployment == MIRRORED_2 else ""
        ]
    ]
    opening = open_page(run_record(*shared)).page.locator(".opening")
    assert opening.locator("h2").inner_text().startswith("The way of sharing makes no difference.")
    rows = opening.locator(".sites tbody tr").all_inner_texts()
    assert [" ".join(row.split()) for row in rows] == [
        "created outside the scope 0 of 2 2 of 2",
        "created in the scope 0 of 2 0 of 2",
    ]
    differing = [replace(shared[2], kind="behaves", symptom=""), *shared[:2], *shared[3:]]
    opening = open_page(run_record(*differing)).page.locator(".opening")
    assert opening.locator("h2").inner_text() == "What fails, and where it is created"
    assert "1 of 2" in opening.inner_text()


def test_what_breaks_without_replication_is_pale(open_page: Open) -> None:
    """A documented failure on a single replica has no colour; the same on two replicas has."""
    broken = [
        verdict_of(case_of("get_variable.reused", deployment=deployment), "not_shared")
        for deployment in (DEFAULT, MIRRORED_2)
    ]
    page = open_page(run_record(*broken)).page
    plain, coloured = (page.locator(f'[data-case="{each.case.id}"]') for each in broken)
    back = "cell => getComputedStyle(cell).backgroundColor"
    assert plain.evaluate(back) == "rgba(0, 0, 0, 0)"
    assert coloured.evaluate(back) != "rgba(0, 0, 0, 0)"
    assert "△" in plain.inner_text()
    assert "▲" in coloured.inner_text()
    assert "nothing is replicated" in page.locator("#legend").inner_text()


def test_a_page_without_a_run_shows_no_cells(open_page: Open) -> None:
    """What the page was not given has no section."""
    opened = open_page(None)
    assert not opened.page.locator("#run").is_visible()
    assert not opened.page.locator("#bench").is_visible()


def test_a_run_that_is_all_as_expected_says_so(open_page: Open) -> None:
    """Good news is told in words, too."""
    head = open_page(run_record(merged())).page.locator("#head").inner_text()
    assert "✓ all as expected" in head
