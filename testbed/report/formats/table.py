"""The table of a run: a matrix of scenarios and strategies, or lines on a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from testbed.cluster.strategies import STRATEGIES, Deployment
from testbed.report.formats.words import printable
from testbed.verdict.verdict import Verdict

STYLES = {"behaves": "green", "breaks": "yellow", "skipped": "dim", "error": "bold red"}

# Wide enough for the longest symptom name (19 letters) and the colon after it.
_CELL_WIDTH = 20

# Most outcomes are shorter than this, so that the deployments after them form a column.
_OUTCOME_WIDTH = 30


def tables_of(verdicts: Sequence[Verdict], console: Console) -> Iterator[Table | Group]:
    """One table for each group of consecutive scripts that run on the same deployments."""
    scripts: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        scripts.setdefault(verdict.case.script, []).append(verdict)
    for _, together in groupby(scripts.values(), key=deployments_of):
        yield table_of([verdict for script in together for verdict in script], console)


def table_of(verdicts: Sequence[Verdict], console: Console) -> Table | Group:
    """The matrix if the console is wide enough for it, otherwise one line for each outcome."""
    matrix = matrix_of(verdicts)
    unlimited = console.options.update(width=10_000)
    needed = console.measure(matrix, options=unlimited).minimum
    return matrix if needed <= console.width else lines_of(verdicts)


def matrix_of(verdicts: Sequence[Verdict]) -> Table:
    """One row for each scenario and site, one column for each deployment."""
    deployments = deployments_of(verdicts)
    table = Table(pad_edge=False)
    table.add_column("claim, and where it makes its object", no_wrap=True)
    for deployment in deployments:
        table.add_column(_heading(str(deployment)), overflow="fold", min_width=_CELL_WIDTH)
    for script, of_script in _scripts(verdicts):
        table.add_section()
        table.add_row(Text(printable(script), style="bold"))
        last = ""
        for claim, site, row in rows_of(of_script):
            if claim != last:
                table.add_row(Text(f"  {printable(claim)}"))
                last = claim
            cells = [_cell([v for v in row if v.case.deployment == d]) for d in deployments]
            table.add_row(f"    {site}", *cells)
    return table


def lines_of(verdicts: Sequence[Verdict]) -> Group:
    """One line for each outcome of a scenario at a site, with the deployments that showed it."""
    lines: list[Text | Padding] = []
    for script, of_script in _scripts(verdicts):
        everywhere = len(deployments_of(of_script))
        lines.append(Text(printable(script), style="bold"))
        for claim, site, row in rows_of(of_script):
            lines.append(Text(f"  {printable(claim)}, {site}"))
            for phrase, where in _outcomes(row):
                places = f"all {everywhere}" if len(where) == everywhere else ", ".join(where)
                phrase.pad_right(max(0, _OUTCOME_WIDTH - len(phrase)))
                lines.append(Padding(phrase.append(f"  {places}", style="dim"), (0, 0, 0, 6)))
    return Group(*lines)


def _scripts(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, list[Verdict]]]:
    for script, of_script in groupby(verdicts, key=lambda verdict: verdict.case.script):
        yield script, list(of_script)


def rows_of(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, str, list[Verdict]]]:
    """Claim, site and verdicts of each row, in the order of the run."""
    for (claim, site), row in groupby(verdicts, key=lambda v: (v.case.claim, v.case.site)):
        yield claim, site, list(row)


def _outcomes(row: Sequence[Verdict]) -> Iterator[tuple[Text, list[str]]]:
    """Each outcome of a row once, with the deployments that showed it."""
    outcomes: dict[str, tuple[Text, list[str]]] = {}
    for deployment in deployments_of(row):
        cell = _cell([verdict for verdict in row if verdict.case.deployment == deployment])
        outcomes.setdefault(cell.plain, (cell, []))[1].append(str(deployment))
    yield from outcomes.values()


def deployments_of(verdicts: Sequence[Verdict]) -> list[Deployment]:
    """The deployments of verdicts, in their default order."""
    found = dict.fromkeys(verdict.case.deployment for verdict in verdicts)
    return sorted(found, key=lambda each: list(STRATEGIES).index(each.strategy))


def _heading(deployment: str) -> str:
    """Break the longest deployment names between their two parts."""
    return deployment.replace("multi_worker_mirrored-", "multi_worker\n_mirrored-")


def _cell(verdicts: Sequence[Verdict]) -> Text:
    """The outcome of one cell: one phrase if all modes agree, otherwise one for each mode."""
    if len({(verdict.seen, verdict.as_expected) for verdict in verdicts}) == 1:
        return _phrase(verdicts[0])
    cell = Text()
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
        # The cell has room only for the type of the error; the run folder has the message.
        seen = f"rejected: {verdict.evidence.split(':')[0].split(' ')[0]}"
    return phrase.append(printable(seen))
