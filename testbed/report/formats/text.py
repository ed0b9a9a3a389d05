"""Terminal report of a run: the table, the unexpected cases, and the summary."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console

from testbed.launcher.run_folder import RUNS
from testbed.report.formats.overview import MOST_IN_FULL, show_overview
from testbed.report.formats.table import STYLES, tables_of
from testbed.report.formats.words import ledger_in_words, printable, readings_in_words
from testbed.report.records.compare import CellChange, RunComparison
from testbed.report.records.record import RunRecord
from testbed.report.records.summary import counts, way_against_place
from testbed.terminal import TERMINAL_WIDTH, write_utf8
from testbed.verdict.verdict import Verdict

# Width for output that is not a terminal: wide enough for the table's columns.
PIPE_WIDTH = 160

# A pair of tags around nothing.
_NOTHING = "[none][/none]"
_SPECIAL = re.compile(r"(\\*)(\[)|\\+\Z")

# One mistake can make a hundred cases unexpected; the first ones are enough to find it.
FULLY_DESCRIBED = 5


def escape(text: str) -> str:
    """Escape a text from a record, so that console markup shows it without control characters."""
    return literal(printable(text))


def literal(text: str) -> str:
    """Escape a text, so that console markup shows it unchanged."""
    return _SPECIAL.sub(_literally, text)


def _literally(found: re.Match[str]) -> str:
    bracket = found[2] or ""
    backslashes = found[0].removesuffix(bracket)
    # rich reads backslashes as pairs only before a tag, and its escape() handles only those.
    before = 2 * backslashes + _NOTHING if backslashes else ""
    return f"{before}\\[" if bracket else before


def console() -> Console:
    """Create the console for all output."""
    found = Console(highlight=False, emoji=False)
    if found.is_terminal:
        return found
    # Another host may show the output of this run; it passes the width of its terminal.
    return Console(
        highlight=False, emoji=False, width=int(os.environ.get(TERMINAL_WIDTH) or PIPE_WIDTH)
    )


def show_record(record: RunRecord, *, verbose: bool = False) -> None:
    """Print the result of a run: the cases, the unexpected ones in full, and the counts.

    Args:
        record: of the run.
        verbose: whether every case is shown; otherwise a run of many scripts gets an overview.
    """
    shown = console()
    full = verbose or len(record.scripts) <= MOST_IN_FULL
    if full:
        _show_tables(record, shown)
    else:
        show_overview(record, shown)
    _show_unexpected([each for each in record.verdicts if not each.as_expected], shown)
    shown.print()
    took = f" in {record.seconds:.0f} s"
    shown.print(f"[bold]{counts(record.verdicts)}[/bold]{took}", soft_wrap=True)
    if full:
        for line in way_against_place(record.verdicts, record.claims_of_ways):
            shown.print(escape(line), soft_wrap=True)
    else:
        folder = RUNS / record.run
        command = f"testbed report {_near(folder)} -v" if folder.is_dir() else "-v"
        shown.print(f"every case: {command}, or --html PAGE", soft_wrap=True)


def _show_tables(record: RunRecord, shown: Console) -> None:
    groups = record.groups
    for group, verdicts in groupby(record.verdicts, key=lambda each: groups[each.case.script]):
        if len(set(groups.values())) > 1:
            shown.print(f"\n[bold reverse] {escape(group)} [/bold reverse]")
        for table in tables_of(list(verdicts), shown):
            shown.print(table)


def _show_unexpected(verdicts: Sequence[Verdict], shown: Console) -> None:
    """Print the unexpected cases: the first in full, a repeated error once with its count."""
    repeats: dict[str, int] = {}
    described = 0
    for verdict in verdicts:
        if verdict.kind == "error":
            repeats[verdict.seen] = repeats.get(verdict.seen, -1) + 1
            if repeats[verdict.seen]:
                continue
        if described < FULLY_DESCRIBED:
            shown.print()
        for line in describe(verdict)[: None if described < FULLY_DESCRIBED else 1]:
            shown.print(line, soft_wrap=True)
        described += 1
    for seen, more in repeats.items():
        if more:
            cases = "1 more case" if more == 1 else f"{more} more cases"
            shown.print(f"[bold red]{cases}: {escape(seen)}[/bold red]", soft_wrap=True)


def show_comparison(comparison: RunComparison) -> None:
    """Print the differences between two runs, and both sides of every changed cell."""
    shown = console()
    for side, record in (("A", comparison.before), ("B", comparison.after)):
        command = escape(" ".join(["testbed", *record.command]))
        shown.print(
            f"[bold]{side}[/bold]  {escape(record.began)}  {escape(record.run)}  {command}",
            soft_wrap=True,
        )
        shown.print(f"   {counts(record.verdicts)}", soft_wrap=True)
    shown.print()
    for each in comparison.differences:
        line = f"{each.what}: {each.before} -> {each.after}"
        shown.print(escape(line), style="yellow", soft_wrap=True)
    if not comparison.differences:
        shown.print("same versions, machine and scripts")
    for change in comparison.changes:
        for line in _change(change):
            shown.print(line, soft_wrap=True)
    shown.print(f"\n[bold]{comparison.counts}[/bold]", soft_wrap=True)


def _change(change: CellChange) -> list[str]:
    what = f" ({', '.join(change.what)})" if change.what else ""
    lines = [f"\n[bold]{escape(change.id)}[/bold]  {change.kind}{what}"]
    for side, verdict in (("A", change.before), ("B", change.after)):
        if verdict is None:
            continue
        lines.append(f"  {side}  {_seen(verdict)}")
        if {"claims", "object", "devices", "writers", "values"} & set(change.what):
            lines += [
                f"     worker {report.worker}: {escape(line)}"
                for report in verdict.reports
                for line in readings_in_words(report)
            ]
    return lines


def _seen(verdict: Verdict) -> str:
    style = STYLES[verdict.kind] if verdict.as_expected else "bold red"
    unexpected = "" if verdict.as_expected else f", expected {verdict.expected}"
    return f"[{style}]{escape(verdict.seen + unexpected)}[/{style}]"


def show_line(line: str) -> None:
    """Print one line of text without terminal control characters."""
    write_utf8(f"{printable(line)}\n".encode("utf-8", "backslashreplace"))


def show_files(files: Mapping[str, Path]) -> None:
    """Print each written file with its kind."""
    shown = console()
    for what, path in files.items():
        shown.print(f"{what}: {_near(path)}", soft_wrap=True)


def describe(verdict: Verdict) -> list[str]:
    """A verdict with all its evidence, as lines of console markup."""
    style = STYLES[verdict.kind] if verdict.as_expected else "bold red"
    lines = [f"[{style}]{escape(_one_line(verdict))}[/{style}]"]
    if verdict.cure:
        lines.append(f"  cure: {escape(verdict.cure)}")
    for report in verdict.reports:
        lines += [f"  worker {report.worker}: {escape(line)}" for line in readings_in_words(report)]
    if not verdict.as_expected:
        lines += [f"  {escape(line)}" for line in ledger_in_words(verdict)]
        lines += [f"  log: {_near(Path(log))}" for log in verdict.logs]
    return lines


def _one_line(verdict: Verdict) -> str:
    if verdict.as_expected:
        return f"{verdict.case.id}  {verdict.seen}"
    return f"{verdict.case.id}  expected {verdict.expected}, saw {verdict.seen}"


def _near(path: Path) -> str:
    """A path, relative to the current folder if it is inside."""
    try:
        return escape(str(path.resolve().relative_to(Path.cwd())))
    except ValueError:
        return escape(str(path))
