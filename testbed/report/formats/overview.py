"""The overview of a large run on one screen: ways and strategies, symptoms, scope or not."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from testbed.catalogue.discovery import WAYS
from testbed.catalogue.scenario import SITES
from testbed.cluster.strategies import STRATEGIES
from testbed.report.formats.words import printable
from testbed.report.records.record import RunRecord
from testbed.report.records.summary import of_several_ways
from testbed.verdict.verdict import Verdict

MOST_IN_FULL = 3
"""The most scripts of a run whose every case is shown."""

_NONE = "."
_NAME = 23
"""The width of the first column, so that the columns of both tables agree."""


def show_overview(record: RunRecord, console: Console) -> None:
    """Print the failing cases of each way and group by strategy, and their symptoms."""
    strategies = [
        name for name in STRATEGIES if any(v.case.strategy == name for v in record.verdicts)
    ]
    console.print(_by_way(record, strategies))
    claims = {
        made.id: made.claim
        for script in record.scripts
        if script.group == WAYS
        for made in script.scenarios
    }
    if alike := of_several_ways(record.verdicts, claims):
        console.print()
        console.print(_by_site(alike, strategies))
    symptoms = Counter(each.symptom for each in record.verdicts if each.symptom)
    if symptoms:
        console.print(f"\n{_listed(symptoms, console.width)}", soft_wrap=True)


def _listed(symptoms: Counter[str], width: int) -> str:
    """The symptoms with their numbers of cases; a line does not break before a number."""
    found = ", ".join(f"{name}\0{count}" for name, count in symptoms.most_common())
    return "\n".join(textwrap.wrap(f"symptoms: {found}", width)).replace("\0", " ")


def _by_way(record: RunRecord, strategies: Sequence[str]) -> Table:
    """One row for each way of sharing, and one for each other group of scripts."""
    groups = record.groups
    table = _table("failing of all cases, by way of sharing, and by group of scripts", strategies)
    rows: dict[str, list[Verdict]] = {}
    for verdict in record.verdicts:
        group = groups[verdict.case.script]
        rows.setdefault(verdict.case.script if group == WAYS else group, []).append(verdict)
    for name, verdicts in rows.items():
        table.add_row(Text(printable(name)), *_cells(verdicts, strategies))
    return table


def _by_site(alike: Sequence[Verdict], strategies: Sequence[str]) -> Table:
    """One row for each site: the place of creation decides, and not the way of sharing."""
    ways = len({each.case.script for each in alike})
    claims = ", ".join(dict.fromkeys(each.case.claim for each in alike))
    title = f"failing cases of {printable(claims)}, shared in {ways} ways, by where it is made"
    table = _table(title, strategies)
    for site in SITES:
        if verdicts := [each for each in alike if each.case.site == site]:
            table.add_row(site, *_cells(verdicts, strategies))
    return table


def _table(title: str, strategies: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.padding, table.pad_edge = (0, 1, 0, 0), False
    table.add_column("", no_wrap=True, min_width=_NAME)
    for name in strategies:
        table.add_column(name.replace("_", "_\n"), justify="right", min_width=7, vertical="bottom")
    return table


def _cells(verdicts: Sequence[Verdict], strategies: Sequence[str]) -> Iterator[Text]:
    for name in strategies:
        here = [each for each in verdicts if each.case.strategy == name and each.kind != "skipped"]
        failing = sum(each.kind != "behaves" for each in here)
        surprising = any(not each.as_expected for each in here)
        style = "bold red" if surprising else "yellow" if failing else "green"
        yield Text(f"{failing}/{len(here)}" if here else _NONE, style if here else "dim")
