"""`testbed report`: show a record, which may come from another machine, or compare two."""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.bench.compare import compare as compare_benches
from testbed.bench.record import BenchRecord
from testbed.bench.show.console import show_bench
from testbed.bench.show.console import show_comparison as show_bench_comparison
from testbed.bench.show.markdown import markdown_of as bench_markdown_of
from testbed.bench.show.page import bench_data
from testbed.chaos.record import ChaosRecord
from testbed.chaos.text import show_chaos
from testbed.cli.options.report import ReportOptions
from testbed.errors import OK, UNEXPECTED, UsageError
from testbed.report.formats.destinations import all_destinations
from testbed.report.formats.markdown import markdown_of, markdown_of_comparison
from testbed.report.formats.page import page_of
from testbed.report.formats.program_text import lines_of
from testbed.report.formats.text import console, show_comparison, show_files, show_line, show_record
from testbed.report.formats.written import texts_of, write_all, write_to
from testbed.report.records.collected import end_of
from testbed.report.records.compare import RunComparison, compare
from testbed.report.records.files import read_record
from testbed.report.records.program import ProgramTrace, program_in
from testbed.report.records.record import RunRecord
from testbed.terminal import complain


def main(options: ReportOptions) -> int:
    """Show one record or compare two; a run and a benchmark become one page."""
    _require_sensible(options)
    if shown := _program_of(options):
        for line in lines_of(shown):
            show_line(line)
        return OK
    wanted = all_destinations(html=options.html, junit=options.junit)
    records = [read_record(name, RunRecord, BenchRecord, ChaosRecord) for name in options.files]
    for ended in filter(None, map(end_of, options.files)):
        complain(ended)
    for name, record in zip(options.files, records, strict=True):
        if isinstance(record, ChaosRecord):
            return _report_chaos(name, record, options)
    runs = [record for record in records if isinstance(record, RunRecord)]
    benches = [record for record in records if isinstance(record, BenchRecord)]
    if not benches:
        return _report_runs(runs, wanted, options)
    if options.junit:
        raise UsageError("--junit needs a run, not a benchmark")
    if runs:
        return _page_of_both(runs[0], benches[0], wanted["html"])
    return _report_benches(benches, wanted["html"], options)


def _program_of(options: ReportOptions) -> ProgramTrace | None:
    """The recorded launch or check of a user's program, where the options name one.

    Raises:
        UsageError: the options ask for a format that such a record does not have.
    """
    for name in options.files:
        found = program_in(name)
        if found is None:
            continue
        formats = options.html, options.junit, options.markdown, options.fail_on_change
        if len(options.files) > 1 or any(formats):
            raise UsageError(
                f"{name}: a launch or check of a program is shown alone and as text:"
                f" testbed report {name}"
            )
        return found
    return None


def _report_runs(
    records: list[RunRecord], wanted: dict[str, Path | None], options: ReportOptions
) -> int:
    comparison = compare(*records) if len(records) == 2 else None
    written, lost = write_all(texts_of(records[-1], comparison), wanted)
    if lost:
        raise lost[0]
    if options.markdown:
        sys.stdout.write(
            markdown_of_comparison(comparison) if comparison else markdown_of(records[0])
        )
    elif written:
        show_files(written)
    else:
        _show(records[0], comparison)
    changed = comparison is not None and bool(comparison.changes)
    return UNEXPECTED if options.fail_on_change and changed else OK


def _show(record: RunRecord, comparison: RunComparison | None) -> None:
    if comparison:
        show_comparison(comparison)
    else:
        show_record(record)


def _page_of_both(run: RunRecord, bench: BenchRecord, page: Path | None) -> int:
    if page is None:
        raise UsageError("a run and a benchmark can only be shown together as a page: --html PAGE")
    write_to("html", page, page_of(run, bench=bench_data(bench)))
    show_files({"page": page})
    return OK


def _report_benches(records: list[BenchRecord], page: Path | None, options: ReportOptions) -> int:
    latest = records[-1]
    comparison = compare_benches(records[0], latest) if len(records) == 2 else None
    if page:
        write_to("html", page, page_of(None, bench=bench_data(latest)))
        show_files({"page": page})
    if options.markdown:
        sys.stdout.write(bench_markdown_of(latest))
    elif comparison:
        show_bench_comparison(comparison, console())
    elif not page:
        show_bench(latest, console())
    slower = comparison is not None and bool(comparison.slower)
    return UNEXPECTED if options.fail_on_change and slower else OK


def _report_chaos(name: str, record: ChaosRecord, options: ReportOptions) -> int:
    """Show a record of chaos as text, its only format."""
    if len(options.files) > 1 or options.html or options.junit or options.markdown:
        raise UsageError(
            f"{name}: a record of chaos is shown alone and as text: testbed report FILE"
        )
    show_chaos(record, console())
    return OK


def _require_sensible(options: ReportOptions) -> None:
    if len(options.files) > 2:
        raise UsageError(
            f"{len(options.files)} files: one to show, or two to compare; the second is the later"
        )
    if len(options.files) == 2 and options.junit:
        raise UsageError("--junit needs exactly one run; give one FILE")
    if len(options.files) == 1 and options.fail_on_change:
        raise UsageError("--fail-on-change compares two records; give two FILEs")
