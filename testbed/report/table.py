"""The table of a run: scenario by strategy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from testbed.verdict import Verdict

STYLES = {"behaves": "green", "breaks": "yellow", "skipped": "dim", "error": "bold red"}


def table_of(verdicts: Sequence[Verdict]) -> Table:
    """One row for each scenario and site, one column for each deployment."""
    deployments = list(dict.fromkeys(verdict.case.deployment for verdict in verdicts))
    table = Table(show_lines=False, pad_edge=False, expand=False)
    table.add_column("claim, and where its object is made", overflow="fold")
    for deployment in deployments:
        table.add_column(_heading(str(deployment)), overflow="fold")
    for script, of_script in groupby(verdicts, key=lambda verdict: verdict.case.script):
        table.add_section()
        table.add_row(Text(script, style="bold"))
        for claim, of_claim in groupby(of_script, key=lambda verdict: verdict.case.claim):
            table.add_row(f"  {claim}")
            for site, of_site in groupby(of_claim, key=lambda verdict: verdict.case.site):
                row = list(of_site)
                cells = [_cell([v for v in row if v.case.deployment == d]) for d in deployments]
                table.add_row(f"    {site}", *cells)
    return table


def _heading(deployment: str) -> str:
    """Break the longest names where they are made of two parts."""
    return deployment.replace("multi_worker_mirrored-", "multi_worker\n_mirrored-")


def _cell(verdicts: Sequence[Verdict]) -> Text:
    """What the modes of one cell showed: once where they agree, else mode by mode."""
    cell = Text()
    if len({(verdict.seen, verdict.as_expected) for verdict in verdicts}) == 1:
        return _phrase(verdicts[0])
    for verdict in verdicts:
        cell.append(("\n" if cell else "") + f"{verdict.case.mode}: ", style="dim")
        cell.append_text(_phrase(verdict))
    return cell


def _phrase(verdict: Verdict) -> Text:
    phrase = Text(style=STYLES[verdict.kind] if verdict.as_expected else "bold red")
    if not verdict.as_expected:
        phrase.append("UNEXPECTED ")
    seen = verdict.seen
    if verdict.symptom == "rejected":
        # The whole message stands in the run's folder; its type is what fits here.
        seen = f"rejected: {verdict.evidence.split(':')[0].split(' ')[0]}"
    return phrase.append(seen)
