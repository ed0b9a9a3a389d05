"""How a benchmark is shown: units, tables, sentences, plots."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from testbed.bench.figures.figure import Figure, figure
from testbed.bench.record import BenchRecord
from testbed.bench.show.console import show_bench
from testbed.bench.show.headlines import headlines
from testbed.bench.show.markdown import markdown_of
from testbed.bench.show.page import bench_data
from testbed.bench.show.plots import draw
from testbed.bench.show.tables import tables_of
from testbed.bench.show.units import shown, shown_figure
from testbed.cli.options.bench import PARTS
from tests.unit.bench.builders import every_part, hello_row, record_of, row_of


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0012345, "s", "1.23 ms"),
        (0.000123, "s", "123 us"),
        (0.9999, "s", "1.00 s"),
        (12345.0, "/s", "12.3 k/s"),
        (999.7, "/s", "1.00 k/s"),
        (4.0, "B", "4 B"),
        (1048576.0, "B", "1 MiB"),
        (1.5e9, "B/s", "1.50 GB/s"),
        (0.0, "B", "0 B"),
        (0.987, "", "0.987"),
        (1.0, "", "1.00"),
        (1.0, "count", "1"),
    ],
)
def test_values_have_three_digits_and_a_unit(value: float, unit: str, expected: str) -> None:
    """Neither exponents nor digits that nobody measured."""
    assert shown(value, unit) == expected


def test_a_figure_is_told_with_half_its_interval() -> None:
    """1 ms between 0.9 and 1.1 ms is known to 10 %; what is not there is a dash."""
    assert (
        shown_figure("step_p50", Figure(1e-3, 0.9e-3, 1.1e-3, (1e-3, 1e-3)), spread=True)
        == "1.00 ms ±10%"
    )
    assert shown_figure("step_p50", None, spread=True) == "-"


def test_one_round_has_no_interval() -> None:
    """The import happens once, and nobody knows how much it varies."""
    assert shown_figure("import", figure([2.0]), spread=True) == "2.00 s"


def text_of(record: BenchRecord, width: int = 200) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    show_bench(record, console)
    return console.export_text()


def test_every_part_is_shown() -> None:
    """Each part that was measured has its heading and its rows."""
    text = text_of(every_part())
    assert all(part in text for part in PARTS)
    for expected in (
        "weight of 4 B, outside_scope",
        "48% ±",
        "all_reduce AUTO",
        "4 MiB",
        "1.00 ±1%",
    ):
        assert expected in text


def test_a_part_that_was_not_measured_is_not_shown() -> None:
    """No empty table, and no heading over nothing."""
    text = text_of(record_of(*every_part().of("wire")))
    assert " wire " in text
    assert " scaling " not in text


def test_doubts_are_shown_with_their_next_step() -> None:
    """What was seen, why it matters and what to do, each on its line."""
    text = text_of(every_part())
    assert "doubt: 3 rounds\n  why: why\n  next: next" in text


def test_a_narrow_terminal_says_what_it_leaves_out() -> None:
    """No line is wider than the terminal, and the columns that are missing are named."""
    text = text_of(record_of(*every_part().of("sharing"), doubts=()), width=70)
    assert "a wider terminal also shows" in text
    assert max(len(line) for line in text.splitlines() if "│" in line) <= 70


def test_why_there_is_no_efficiency_stands_in_its_place() -> None:
    """The reason is in the cell."""
    row = replace(
        every_part().of("scaling")[1], figures={}, lacking={"efficiency": "they take turns"}
    )
    (table,) = tables_of(record_of(row), "scaling")
    assert table.sections[0][0][-1] == "they take turns"


def test_the_row_that_everybody_wants_is_a_sentence() -> None:
    """Mirrored against outside: 2 ms instead of 1 ms, and 1100 writes a second on both sides."""
    (line, *_) = headlines(every_part())
    assert line == (
        "mirrored-2, weight of 4 B: mirrored, a step takes 2.00 ms instead of 1.00 ms (2.0x),"
        " a write 909 us instead of 909 us (alike within noise)"
    )


def test_one_replica_is_not_compared_with_itself() -> None:
    """Where nothing is mirrored there is no price of mirroring."""
    rows = [
        row_of(
            site=site, deployment="default", replicas=1, rounds={"step_p50": [1.0], "writes": [1.0]}
        )
        for site in ("outside_scope", "in_scope")
    ]
    assert headlines(record_of(*rows)) == []


def test_what_the_testbed_costs_is_a_sentence() -> None:
    """A ratio of 1.00 is +0.0 %, with its interval."""
    line = headlines(every_part())[-1]
    assert line.startswith("mirrored-2: a step takes +0.0% in the testbed (-1.0% to +1.0%)")


def test_launching_is_held_against_doing_it_by_hand() -> None:
    """Both times and their ratio stand in one table, and the ratio in a sentence, everywhere."""
    record = record_of(hello_row())
    (table,) = tables_of(record, "own_cost")
    assert table.headings == ("a small program", "testbed launch", "by hand", "over hand")
    cells = ("multi_worker_mirrored-2x1", "3.00 s ±10%", "3.00 s ±0%", "1.00 ±10%")
    assert table.sections == ((cells,),)
    (line,) = headlines(record)
    assert line == (
        "multi_worker_mirrored-2x1: under testbed launch a small program takes 1.00"
        " (0.90 to 1.10) times as long as started by hand"
    )
    for text in (text_of(record), markdown_of(record), json.dumps(bench_data(record))):
        assert "over hand" in text
        assert "1.00 (0.90 to 1.10) times as long" in text


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_plots_are_drawn(form: str, begins: bytes) -> None:
    """One for ways of sharing, one for scaling, one for the wire."""
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    images = draw(every_part(), form)
    assert list(images) == ["sharing", "scaling", "wire"]
    assert all(image.startswith(begins) for image in images.values())


def test_plots_say_what_they_show() -> None:
    """Ways, deployments, sites and collectives stand in them as text."""
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    images = {name: image.decode() for name, image in draw(every_part()).items()}
    for text in ("weight of 4 B", "mirrored-2", "outside scope", "a step, median"):
        assert text in images["sharing"]
    assert "% of perfect scaling" in images["scaling"]
    assert "all_reduce AUTO" in images["wire"]


def test_a_record_has_one_picture_of_itself() -> None:
    """Drawn twice, a plot is the same file: it can be compared, and kept in a repository."""
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    assert draw(every_part()) == draw(every_part())


def test_only_what_was_measured_is_drawn() -> None:
    """A record of one part has one plot."""
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    assert list(draw(record_of(*every_part().of("wire")))) == ["wire"]


def test_what_is_faster_than_a_copy_is_no_copy() -> None:
    """A share above 100 % would say that memory was beaten; nothing was copied."""
    sizes = {"collective": "broadcast", "implementation": "AUTO", "bytes": 2**24}
    rounds = {"time": [4e-4], "algbw": [4e10], "busbw": [4e10]}
    (table,) = tables_of(record_of(row_of("wire", sizes=sizes, rounds=rounds)), "wire")
    assert table.sections[0][0][-1] == "no copy"
