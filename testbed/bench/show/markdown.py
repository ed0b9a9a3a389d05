"""GitHub-flavoured Markdown page of a benchmark, for a job summary or an issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.bench.record import BenchRecord
from testbed.bench.show.headlines import headlines
from testbed.bench.show.tables import PlainTable, tables_of
from testbed.cli.options.bench import PARTS
from testbed.report.formats.markdown import text
from testbed.report.formats.words import conditions


def markdown_of(record: BenchRecord) -> str:
    """The headlines, the doubts, and the tables of every part."""
    return "\n".join(_page(record)) + "\n"


def _page(record: BenchRecord) -> Iterator[str]:
    yield f"# Benchmark: {len(record.rows)} rows, {record.rounds} rounds\n"
    for line in headlines(record):
        yield f"- {text(line)}"
    yield "\n| | |\n|---|---|"
    for what, value in conditions(record).items():
        yield f"| {what} | {text(value)} |"
    if record.doubts:
        yield "\n## Reasons to doubt\n"
    for doubt in record.doubts:
        yield f"- **{text(doubt.observation)}**: {text(doubt.cause)}; {text(doubt.next_step)}"
    for part, about in PARTS.items():
        tables = tables_of(record, part)
        if tables:
            yield f"\n## {part.replace('_', ' ').capitalize()}: {about}"
        for table in tables:
            yield from _table(table)


def _table(table: PlainTable) -> Iterator[str]:
    yield f"\n**{text(table.title)}**\n" if table.title else ""
    yield _row(table.headings)
    yield "|" + "---|" * len(table.headings)
    for section in table.sections:
        yield from (_row(cells) for cells in section)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(text(cell) for cell in cells)} |"
