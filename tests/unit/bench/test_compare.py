"""Two benchmarks against each other: real slow-downs are caught, noise is not."""

from __future__ import annotations

import io
import statistics
from dataclasses import replace

import pytest
from rich.console import Console

from testbed.bench.compare import BenchComparison, compare
from testbed.bench.figures.figure import METRICS, Figure, Row
from testbed.bench.record import BenchRecord
from testbed.bench.show.console import show_comparison
from tests.unit.bench.builders import noisy, record_of, row_of
from tests.unit.builders import MACHINE


def benchmark(seed: int, rounds: int = 10, slow: float = 1.0, noise: float = 0.1) -> BenchRecord:
    """60 rows as a noisy machine measures them; the first takes `slow` times as long."""
    rows = []
    for number in range(60):
        middle = 1e-3 * (slow if number == 0 else 1.0)
        taken = tuple(noisy(middle, rounds, 1000 * seed + number, noise))
        # An interval of its own has no part in a comparison.
        figures = {"step_p50": Figure(statistics.median(taken), 0.0, 1.0, taken)}
        rows.append(replace(row_of(sizes={"elements": number}), figures=figures))
    return record_of(*rows, rounds=rounds)


@pytest.mark.parametrize("rounds", [3, 10])
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_an_equal_run_is_not_called_slower(rounds: int, noise: float) -> None:
    """Of 50 repeats of 60 figures that did not change, at most one has a figure called slower."""
    alarms = 0
    for seed in range(50):
        old, new = (benchmark(each, rounds, noise=noise) for each in (seed, seed + 500))
        alarms += bool(compare(old, new).slower)
    assert alarms <= 1


@pytest.mark.parametrize("seed", range(10))
def test_a_slow_down_is_caught(seed: int) -> None:
    """One figure of 60 that takes 1.5 times as long is found, and no other one is blamed."""
    found = compare(benchmark(seed), benchmark(seed + 500, slow=1.5)).slower
    assert [change.row.sizes["elements"] for change in found] == [0]
    assert found[0].factor == pytest.approx(1.5, rel=0.15)
    assert found[0].low <= found[0].factor <= found[0].high


def test_a_quick_run_catches_what_is_large() -> None:
    """Three rounds suffice for a figure that takes three times as long."""
    found = compare(benchmark(1, rounds=3), benchmark(2, rounds=3, slow=3.0)).slower
    assert [change.row.sizes["elements"] for change in found] == [0]


def test_a_speed_up_is_told_and_is_no_fault() -> None:
    """What takes half the time is faster, and nothing is slower."""
    comparison = compare(benchmark(1, slow=2.0), benchmark(2))
    assert [change.row.sizes["elements"] for change in comparison.faster] == [0]
    assert comparison.slower == []


def single(metric: str, *rounds: float) -> BenchRecord:
    return record_of(row_of(rounds={metric: rounds}))


def test_fewer_a_second_is_slower() -> None:
    """Of what is better when higher, half is worse by a factor of two."""
    (change,) = compare(single("reads", 200.0, 201.0), single("reads", 100.0, 100.5)).slower
    assert change.factor == pytest.approx(2.0, rel=0.01)


def test_what_says_no_good_or_bad_is_not_watched() -> None:
    """More memory, or another number of traces, is not slower."""
    comparison = compare(single("process_memory", 1e8, 1e8), single("process_memory", 9e8, 9e8))
    assert comparison.changes == ()


def test_the_tolerance_is_what_it_takes() -> None:
    """Steady figures that differ by 15 % are slower beyond 10 %, and alike within 20 %."""
    old, new = single("time", 1.0, 1.0), single("time", 1.15, 1.15)
    assert [change.verdict for change in compare(old, new, 0.1).changes] == ["slower"]
    assert [change.verdict for change in compare(old, new, 0.2).changes] == ["alike"]


def test_one_round_says_nothing_of_noise() -> None:
    """A figure of a single round, like the import, is not compared."""
    assert compare(single("import", 2.0), single("import", 9.0)).changes == ()


def test_rows_of_one_side_are_named() -> None:
    """Another size is another row: it is not compared, and it is told."""
    old, new = row_of(sizes={"elements": 1}), row_of(sizes={"elements": 2})
    comparison = compare(record_of(old), record_of(new))
    assert (comparison.only_old, comparison.only_new) == ((old.key,), (new.key,))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (record_of(), ""),
        (record_of(machine=replace(MACHINE, processor="another")), "processor: one then"),
        (record_of(work=(0.013, 0.013)), "took 1.30 times as long as then"),
    ],
    ids=["the same", "another processor", "a slower day"],
)
def test_another_machine_is_no_change_of_the_code(new: BenchRecord, expected: str) -> None:
    """Where the machine differs, or does the same work at another pace, that is said."""
    told = compare(record_of(), new).machine
    assert expected in told
    assert bool(told) == bool(expected)


def shown(comparison: BenchComparison) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    show_comparison(comparison, console)
    return console.export_text()


def test_a_slower_figure_is_shown_with_both_values() -> None:
    """By how much, how sure, which figure of what, and from where to where."""
    text = shown(compare(single("step_p50", 1e-3, 1e-3), single("step_p50", 3e-3, 3e-3)))
    assert "slower x3.00 (3.00-3.00)  step_p50 of sharing weight.update" in text
    assert "1.00 ms -> 3.00 ms" in text
    assert "1 slower, 0 faster, 0 alike" in text


def test_a_faster_figure_is_shown_as_how_much_faster() -> None:
    """What takes a third of the time is faster three times."""
    text = shown(compare(single("step_p50", 3e-3, 3e-3), single("step_p50", 1e-3, 1e-3)))
    assert "faster x3.00 (3.00-3.00)" in text


def test_every_watched_metric_has_a_direction() -> None:
    """A metric is better lower, better higher, or not watched."""
    assert {metric.better for metric in METRICS.values()} == {"lower", "higher", ""}


def test_markup_in_a_record_is_text() -> None:
    """A row from elsewhere cannot style the terminal."""
    hostile: Row = replace(row_of(rounds={"step_p50": (1.0, 1.0)}), case="[red]x[/red]")
    slower = replace(row_of(rounds={"step_p50": (9.0, 9.0)}), case="[red]x[/red]")
    assert "[red]x[/red]" in shown(compare(record_of(hostile), record_of(slower)))
