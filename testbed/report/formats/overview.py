"""The overview of a large run on one screen: ways and strategies, symptoms, scope or not."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from testbed.catalogue.discovery import WAYS
from testbed.report.formats.words import printable
from testbed.report.records.record import RunRecord
from testbed.report.records.sites import (
    FailingCases,
    SitesCompared,
    failing_of,
    sites_compared,
    strategies_of,
    strategy_of,
)
from testbed.verdict.verdict import Verdict

MOST_IN_FULL = 3
"""The most scripts of a run whose every case is shown."""

_NONE = "."
_NAME = 23
"""The width of the first column, so that the columns of both tables agree."""


def show_overview(record: RunRecord, console: Console) -> None:
    """Print the failing cases of each way and group by strategy, and their symptoms."""
    strategies = strategies_of(record)
    _show_by_way(record, strategies, console)
    compared = sites_compared(record, strategies)
    if compared.claims:
        console.print()
        _show_by_site(compared, console)
    symptoms = Counter(each.symptom for each in record.verdicts if each.symptom)
    if symptoms:
        console.print(f"\n{_listed(symptoms, console.width)}", soft_wrap=True)


def _listed(symptoms: Counter[str], width: int) -> str:
    """The symptoms with their numbers of cases; a line does not break before a number."""
    found = ", ".join(f"{name}\0{count}" for name, count in symptoms.most_common())
    return "\n".join(textwrap.wrap(f"symptoms: {found}", width)).replace("\0", " ")


def _show_by_way(record: RunRecord, strategies: Sequence[str], console: Console) -> None:
    """One row for each way of sharing, and one for each other group of scripts."""
    groups = record.groups
    rows: dict[str, list[Verdict]] = {}
    for verdict in record.verdicts:
        group = groups[verdict.case.script]
        rows.setdefault(verdict.case.script if group == WAYS else group, []).append(verdict)
    table = _table(strategies)
    for name, verdicts in rows.items():
        of_strategy = ([v for v in verdicts if strategy_of(v) == each] for each in strategies)
        table.add_row(Text(printable(name)), *map(_cell, map(failing_of, of_strategy)))
    _print("failing of all cases, by way of sharing, and by group of scripts", table, console)


def _show_by_site(compared: SitesCompared, console: Console) -> None:
    """One row for each site: the place of creation decides, and not the way of sharing."""
    table = _table(compared.columns)
    for site, cells in compared.rows.items():
        table.add_row(site, *map(_cell, cells))
    claims = printable(", ".join(compared.claims))
    title = f"failing cases of {claims}, shared in {compared.ways} ways, by where it is made"
    _print(title, table, console)


def _print(title: str, table: Table, console: Console) -> None:
    # A table's own title would be wrapped at the table's width.
    console.print(Text(title, "bold"))
    console.print(table)


def _table(strategies: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True, min_width=_NAME)
    for name in strategies:
        table.add_column(name.replace("_", "_\n"), justify="right", min_width=7, vertical="bottom")
    return table


def _cell(cases: FailingCases) -> Text:
    if not cases.of:
        return Text(_NONE, "dim")
    style = "bold red" if cases.unexpected else "yellow" if cases.failing else "green"
    return Text(f"{cases.failing}/{cases.of}", style)
