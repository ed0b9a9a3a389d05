"""The page of a program's benchmark: the answer first, the figures, and the timeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.bench.slow.bounds import NONE
from testbed.bench.slow.record import ProgramBenchRecord, RecordedInterval
from tests.browser.conftest import Open
from tests.browser.records import HOSTILE
from tests.unit.bench.slow.builders import EVENTS, record_of, scale_of, worker_of

RECORD = record_of()
WORKERS = record_of(
    strategy="multi_worker_mirrored",
    scales=(
        scale_of(replicas=1),
        scale_of(2, 1, rounds=(0.04,) * 3, speedup=RecordedInterval(1.2, 0.1, 9.0)),
    ),
    workers=(worker_of(0), worker_of(1, steps=1)),
)


def test_the_answer_comes_first(open_page: Open) -> None:
    """What bounds it, the evidence, the line to change and its cure; then what else."""
    page = open_page(RECORD).page
    assert page.title() == "train.py --lr 0.1: bound by its input: 80% of a step"
    assert page.locator("h1").inner_text() == page.title()
    assert page.locator(".lead").inner_text().endswith("10.0 ms with its batches in memory")
    first = page.locator("#change .first")
    assert first.locator("code").inner_text() == "/home/me/train.py:8"
    assert "map(..., num_parallel_calls=tf.data.AUTOTUNE)" in first.inner_text()
    assert "also, 20% of a step: it reduces 1 MiB" in page.locator("#change .further").inner_text()
    # The transformation of that line is marked.
    assert page.locator("#input li.wanted").inner_text().split() == [
        *("map", "/home/me/train.py:8", "change", "first")
    ]


def test_nothing_to_change_shows_no_change(open_page: Open) -> None:
    """A program that scales as it should gets no advice."""
    page = open_page(record_of(bound_by=NONE, share=0.0, cure="", further=())).page
    assert page.locator("#change").is_hidden()
    assert "it scales as it should" in page.locator("h1").inner_text()


def test_bars_show_the_speedup_and_the_ideal(open_page: Open) -> None:
    """A bar is as long as its speed-up, on the scale on which the mark is the ideal one."""
    page = open_page(RECORD).page
    rows = page.locator("#scaling tbody tr")
    assert rows.count() == 2
    assert rows.nth(1).inner_text().split("\t")[2:] == ["1.25 (1.10 to 1.50)", "50.0 ms", "1,280"]
    bar, ideal = (
        rows.nth(1).locator(each).first.bounding_box() for each in (".measured", ".missing")
    )
    assert bar
    assert ideal
    assert bar["width"] / ideal["width"] == pytest.approx(1.25 / 2, rel=0.02)
    # A wide interval makes no bar leave its cell.
    page = open_page(WORKERS).page
    cell = page.locator("#scaling td.bar").nth(1).bounding_box()
    assert cell
    for kind in (".measured", ".whisker", ".ideal"):
        box = page.locator("#scaling tbody tr").nth(1).locator(kind).bounding_box()
        assert box
        assert box["x"] + box["width"] <= cell["x"] + cell["width"] + 1


def test_parts_have_letters_and_words(open_page: Open) -> None:
    """Who sees no colours reads the letters; who sees nothing hears the label."""
    page = open_page(RECORD).page
    letters = page.locator(".parts-picture text").evaluate_all(
        "all => all.map((e) => e.textContent)"
    )
    assert letters == ["i", "x", "c"]
    label = page.locator(".parts-picture").get_attribute("aria-label")
    assert label == (
        "80% waiting for the input, 15% exchanging values, 5% what grows with the rows"
    )
    assert "Less than half a percent: tracing" in page.locator("#parts").inner_text()
    assert "Not known: copying values to Python" in page.locator("#parts").inner_text()


def test_a_step_is_chosen(open_page: Open) -> None:
    """By its number, with buttons, or all of them; the table follows."""
    page = open_page(RECORD).page
    choice = page.locator("#step")
    choice.select_option("0")
    titles = page.locator(".worker-picture .title")
    assert titles.evaluate_all("all => all.map((e) => e.textContent)") == [
        *("steps", "Python", "calls of TensorFlow", "input", "collectives"),
        *("replica 0", "replica 1"),
    ]
    assert page.locator(".span").count() == 1 + 3 + len(EVENTS)
    page.get_by_role("button", name="next").click()
    assert choice.input_value() == "1"
    assert page.locator(".span").count() == 1 + 3
    page.get_by_role("button", name="previous").click()
    page.locator(".span.wait").click()
    assert page.locator(".readout").inner_text() == "IteratorGetNext: 39 ms"
    page.locator("#timeline summary").click()
    rows = page.locator("#timeline tbody tr")
    assert rows.first.inner_text().split("\t") == ["Python", "waits for input", "11 ms", "39 ms"]
    choice.select_option("all")
    assert page.locator(".span.steps").count() == 2


def test_each_worker_has_its_rows(open_page: Open) -> None:
    """A worker that took fewer steps is shown beside the others."""
    page = open_page(WORKERS).page
    assert page.locator("#timeline h3").all_inner_texts() == ["worker 0", "worker 1"]
    page.locator("#step").select_option("1")
    assert page.locator(".worker-picture").count() == 2
    assert page.locator("#workers tbody tr").count() == 4
    assert page.locator("#workers tbody tr").first.inner_text().split("\t") == [
        *("0", "0", "32", "4.2 ms", "1 GiB")
    ]


def test_a_program_without_a_profile_has_its_steps(open_page: Open) -> None:
    """What was not measured has no place; no steps, no timeline."""
    bare = replace(worker_of(events=()), rows=(), busy=())
    record = record_of(workers=(bare,), memory=(), input=(), lacking=(), written=())
    page = open_page(record).page
    assert "There is no profile" in page.locator("#timeline").inner_text()
    assert page.locator("#workers").is_hidden()
    assert page.locator("#input").is_hidden()
    assert open_page(record_of(workers=())).page.locator("#timeline").is_hidden()


def test_without_one_replica_there_is_no_speedup(open_page: Open) -> None:
    """Then the bars are rows a second."""
    page = open_page(record_of(scales=(scale_of(speedup=None),))).page
    assert "could not be run on one replica" in page.locator("#scaling").inner_text()
    assert page.locator("#scaling .ideal").count() == 0


def test_hostile_texts_are_texts(open_page: Open) -> None:
    """No text of a record is obeyed, wherever it stands."""
    worker = worker_of(events=[replace(each, name=HOSTILE) for each in EVENTS])
    texts = dict.fromkeys(("program", "evidence", "cure", "file", "began"), HOSTILE)
    cause = replace(RECORD.further[0], evidence=HOSTILE, cure=HOSTILE, file=HOSTILE)
    part = replace(RECORD.input[0], name=HOSTILE, file=HOSTILE)
    record = record_of(
        **texts, written=(HOSTILE,), workers=(worker,), input=(part,), further=(cause,)
    )
    page = open_page(record).page
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert "<img src=x" in page.locator("h1").inner_text()


@pytest.mark.parametrize("record", [RECORD, WORKERS], ids=["one worker", "two workers"])
def test_it_fits_a_phone(open_page: Open, record: ProgramBenchRecord) -> None:
    """Nothing is wider than the screen, in both colour schemes."""
    for scheme in ("light", "dark"):
        page = open_page(record, width=390, scheme=scheme).page
        page.locator("#timeline summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
