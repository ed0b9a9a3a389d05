"""Prints an atlas in the terminal: its versions, and what changed from one to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from testbed.report.atlas.atlas import Atlas, AtlasCell
from testbed.report.formats.text import console


def show_atlas(atlas: Atlas) -> None:
    """Print the versions, and the changes from each to the next, by scenario."""
    shown = console()
    table = Table("TensorFlow", "Keras", "Python", "cases", "unexpected", box=None, pad_edge=False)
    for each in atlas.versions:
        table.add_row(each.name, each.keras, each.python, str(each.cases), str(each.unexpected))
    shown.print(table)
    for before, after in zip(atlas.versions, atlas.versions[1:], strict=False):
        changes = Counter(_changes(atlas.cells, before.name, after.name))
        shown.print(f"\n[bold]{escape(before.name)} -> {escape(after.name)}[/bold]")
        for change, number in changes.items():
            shown.print(f"  {escape(change)}: {number} case{'s' * (number > 1)}", soft_wrap=True)
        if not changes:
            shown.print("  nothing changed")
    changing = sum(cell.changes for cell in atlas.cells)
    shown.print(f"\n[bold]{len(atlas.cells)} cases, of which {changing} changed[/bold]")


def _changes(cells: tuple[AtlasCell, ...], before: str, after: str) -> Iterator[str]:
    """For each cell that changed between two neighbouring versions: what became what."""
    for cell in cells:
        left = next((each for each in cell.outcomes if each.last == before), None)
        came = next((each for each in cell.outcomes if each.first == after), None)
        if left and came:
            yield f"{cell.scenario}: {left.named} -> {came.named}"
