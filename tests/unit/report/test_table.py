"""The table of a run."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from testbed.report.formats.table import matrix_of, table_of
from testbed.verdict.verdict import Verdict
from tests.unit.builders import DEFAULT, MIRRORED_2, WORKERS_2X1, case_of, verdict_of

COUNTED = "counted_per_replica"


def drawn(verdicts: Sequence[Verdict], width: int = 160) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(matrix_of(verdicts))
    return console.export_text()


def lines(verdicts: Sequence[Verdict], width: int) -> str:
    """What a console of this width shows."""
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table_of(verdicts, console))
    return console.export_text()


def cells(verdicts: Sequence[Verdict], row: str) -> list[str]:
    """The cells of the table's row that begins with this name."""
    lines = [line.split("│")[1:-1] for line in drawn(verdicts).splitlines()]
    found = [[cell.strip() for cell in line] for line in lines if line]
    return next(line[1:] for line in found if line[0] == row)


def test_one_row_for_each_scenario_and_site() -> None:
    """The table names each script, claim and site once, in the order of the run."""
    text = drawn(
        [
            verdict_of(case_of("returned.counter", "outside_scope")),
            verdict_of(case_of("returned.counter", "in_scope")),
            verdict_of(case_of("module_global.weight", "in_scope")),
        ]
    )
    names = ["returned", "counter", "outside_scope", "in_scope", "module_global", "weight"]
    places = [text.index(name) for name in names]
    assert places == sorted(places)


def test_one_column_for_each_deployment() -> None:
    """What a case showed stands in its site's row, under its deployment."""
    verdicts = [
        verdict_of(case_of(deployment=DEFAULT)),
        verdict_of(case_of(deployment=MIRRORED_2), COUNTED, "10 for 5"),
    ]
    heading = next(line for line in drawn(verdicts).splitlines() if "default" in line)
    assert heading.index("default") < heading.index("mirrored-2")
    assert cells(verdicts, "outside_scope") == ["behaves", "counted_per_replica: 10 for 5"]


def test_a_long_name_is_broken_between_its_parts() -> None:
    """The longest strategy's heading takes two lines, and keeps its numbers."""
    text = drawn([verdict_of(case_of(deployment=WORKERS_2X1))])
    assert "multi_worker " in text
    assert "_mirrored-2x1" in text


def test_modes_that_agree_are_told_once() -> None:
    """What all modes of a cell show stands there once, without their names."""
    verdicts = [
        verdict_of(case_of(mode=mode), COUNTED, "10 for 5") for mode in ("eager", "function")
    ]
    text = drawn(verdicts)
    assert text.count(COUNTED) == 1
    assert "eager" not in text


def test_modes_that_differ_are_told_apart() -> None:
    """Modes of a cell that show different things are named, each with its own."""
    verdicts = [
        verdict_of(case_of(mode="eager")),
        verdict_of(case_of(mode="function"), COUNTED, "10 for 5"),
    ]
    text = drawn(verdicts)
    assert "eager: behaves" in text
    assert "function: counted_per_replica: 10 for 5" in text


def test_what_nobody_expected_is_marked() -> None:
    """Only an unexpected case says UNEXPECTED, whether it breaks, behaves or has an error."""
    expected = verdict_of(case_of(deployment=DEFAULT), COUNTED, "10 for 5")
    assert "UNEXPECTED" not in drawn([expected])
    verdicts = [
        expected,
        verdict_of(case_of(deployment=MIRRORED_2), as_expected=False),
        verdict_of(case_of(deployment=WORKERS_2X1), COUNTED, "10 for 5", as_expected=False),
    ]
    assert cells(verdicts, "outside_scope") == [
        "counted_per_replica: 10 for 5",
        "UNEXPECTED behaves",
        "UNEXPECTED counted_per_replica: 10 for 5",
    ]


def test_modes_that_differ_in_expectation_only_are_told_apart() -> None:
    """A cell does not hide that one of its modes was unexpected."""
    verdicts = [
        verdict_of(case_of(mode="eager"), COUNTED, "10 for 5"),
        verdict_of(case_of(mode="function"), COUNTED, "10 for 5", as_expected=False),
    ]
    text = drawn(verdicts)
    assert "eager: counted_per_replica" in text
    assert "function: UNEXPECTED counted_per_replica" in text


def test_a_case_that_could_not_be_judged_tells_why() -> None:
    """Errors and skipped cases stand in the table with their reasons."""
    verdicts = [
        verdict_of(case_of(deployment=DEFAULT), kind="skipped", evidence="needs 2 GPUs, found 1"),
        verdict_of(
            case_of(deployment=MIRRORED_2), kind="error", evidence="killed [9]", as_expected=False
        ),
    ]
    assert cells(verdicts, "outside_scope") == [
        "skipped: needs 2 GPUs, found 1",
        "UNEXPECTED error: killed [9]",
    ]


def test_a_rejection_shows_the_type_only() -> None:
    """Of an exception the table has room for its type; the message stands in the record."""
    verdicts = [
        verdict_of(case_of(deployment=DEFAULT), "rejected", "ValueError: a long story"),
        verdict_of(
            case_of(deployment=MIRRORED_2), "rejected", "KeyError with an empty message"
        ),
    ]  # fmt: skip
    assert cells(verdicts, "outside_scope") == ["rejected: ValueError", "rejected: KeyError"]


def test_a_case_that_was_not_selected_leaves_its_cell_empty() -> None:
    """Where only some cases of a row were run, the others' cells stay empty."""
    verdicts = [
        verdict_of(case_of(site="outside_scope", deployment=DEFAULT)),
        verdict_of(case_of(site="in_scope", deployment=MIRRORED_2)),
    ]
    assert cells(verdicts, "outside_scope") == ["behaves", ""]
    assert cells(verdicts, "in_scope") == ["", "behaves"]


def test_markup_in_what_was_seen_is_shown_as_it_is() -> None:
    """Brackets in evidence are values, not colours."""
    verdicts = [verdict_of(case_of(), "replicas_diverge", "[red, bold] for [1]")]
    assert "[red, bold] for [1]" in drawn(verdicts)


EVERYWHERE = [
    verdict_of(case_of(deployment=DEFAULT)),
    verdict_of(case_of(deployment=WORKERS_2X1)),
    verdict_of(case_of(deployment=MIRRORED_2), COUNTED, "10 for 5"),
]


def test_a_wide_console_gets_the_matrix() -> None:
    """Where every column has its room, deployments are columns."""
    assert "│" in lines(EVERYWHERE, 120)


def test_a_narrow_console_gets_lines() -> None:
    """Where it has not, each outcome is a line with the deployments that showed it."""
    shown = lines(EVERYWHERE, 79)
    assert "│" not in shown
    behaves = next(line for line in shown.splitlines() if "behaves" in line)
    assert "default, " in behaves
    assert "mirrored-2" not in behaves.replace("multi_worker_mirrored-2x1", "")
    counted = next(line for line in shown.splitlines() if COUNTED in line)
    assert counted.split() == ["counted_per_replica:", "10", "for", "5", "mirrored-2"]


def test_lines_of_one_outcome_say_all() -> None:
    """An outcome that every deployment showed does not list them."""
    alike = [verdict_of(case_of(deployment=place)) for place in (DEFAULT, MIRRORED_2, WORKERS_2X1)]
    shown = lines(alike, 60)
    assert "all 3" in shown
    assert "mirrored" not in shown
