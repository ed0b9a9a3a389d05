"""Terminal report of a benchmark: tables, headlines, doubts and changes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from testbed.bench.compare import BenchComparison, FigureChange
from testbed.bench.figures.figure import METRICS
from testbed.bench.record import BenchRecord
from testbed.bench.show.headlines import headlines
from testbed.bench.show.tables import PlainTable, tables_of
from testbed.bench.show.units import shown
from testbed.cli.options.bench import PARTS
from testbed.report.formats.text import literal

# The worst changes are enough to find the cause.
MOST_SHOWN = 20


def show_bench(record: BenchRecord, console: Console) -> None:
    """Print the tables of every part, the headlines, and every doubt."""
    for part, about in PARTS.items():
        tables = tables_of(record, part)
        if tables:
            console.print(f"\n[bold reverse] {part} [/bold reverse] {about}", soft_wrap=True)
        for table in tables:
            _show_table(table, console)
    console.print()
    # A terminal breaks lines between words; a program that reads a pipe needs whole lines.
    whole = not console.is_terminal
    for line in headlines(record):
        console.print(literal(line), soft_wrap=whole)
    for doubt in record.doubts:
        console.print(f"[yellow]doubt[/yellow]: {literal(doubt.observation)}", soft_wrap=whole)
        console.print(f"  why: {literal(doubt.cause)}", soft_wrap=whole)
        console.print(f"  next: {literal(doubt.next_step)}", soft_wrap=whole)
    rounds = f"{record.rounds} round{'s' * (record.rounds != 1)}"
    console.print(
        f"[bold]{len(record.rows)} rows, {rounds}[/bold] in {record.seconds:.0f} s;"
        " ± is half the 95 % interval of the median of the rounds",
        soft_wrap=True,
    )


def _show_table(plain: PlainTable, console: Console) -> None:
    """Print a table, without its last columns if the terminal is too narrow."""
    unlimited = console.options.update(width=10_000)
    for count in range(len(plain.headings), 1, -1):
        table = _table(plain, count)
        if console.measure(table, options=unlimited).maximum <= console.width:
            break
    console.print(table)
    left_out = plain.headings[count:]
    if left_out:
        console.print(f"[dim]a wider terminal also shows {', '.join(left_out)}[/dim]")


def _table(plain: PlainTable, columns: int) -> Table:
    table = Table(title=plain.title or None, title_justify="left", title_style="bold")
    for number, heading in enumerate(plain.headings[:columns]):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for section in plain.sections:
        table.add_section()
        for row in section:
            table.add_row(*(literal(cell) for cell in row[:columns]))
    return table


def show_machine(differences: str, console: Console) -> None:
    """Print how the machines of two benchmarks differ, if they do."""
    if differences:
        console.print(
            f"[yellow]not the same machine[/yellow]: {literal(differences)}", soft_wrap=True
        )


def show_comparison(comparison: BenchComparison, console: Console) -> None:
    """Print the slower figures, the faster figures, and the rows of only one benchmark."""
    console.print()
    show_machine(comparison.machine, console)
    for name, changes, style in (
        ("slower", comparison.slower, "bold red"),
        ("faster", comparison.faster, "green"),
    ):
        _show_changes(name, changes, style, console)
    for keys, which in ((comparison.only_old, "older"), (comparison.only_new, "newer")):
        if keys:
            rows = f"{len(keys)} row{'s' * (len(keys) != 1)}"
            console.print(
                f"{rows} only in the {which} one, like {literal(keys[0])}", soft_wrap=True
            )
    alike = sum(change.verdict == "alike" for change in comparison.changes)
    console.print(
        f"[bold]{len(comparison.slower)} slower[/bold], {len(comparison.faster)} faster,"
        f" {alike} alike within {comparison.tolerance:.0%} and the noise of both",
        soft_wrap=True,
    )


def _show_changes(name: str, changes: Sequence[FigureChange], style: str, console: Console) -> None:
    for change in changes[:MOST_SHOWN]:
        unit = METRICS[change.metric].unit
        factor, low, high = change.factor, change.low, change.high
        if name == "faster":
            factor, low, high = 1 / factor, 1 / high, 1 / low
        console.print(
            f"[{style}]{name} x{factor:.2f}[/{style}] ({low:.2f}-{high:.2f})"
            f"  {change.metric} of {literal(change.row.key)}:"
            f" {shown(change.old.value, unit)} -> {shown(change.new.value, unit)}",
            soft_wrap=True,
        )
    if len(changes) > MOST_SHOWN:
        console.print(f"  and {len(changes) - MOST_SHOWN} more {name}")
