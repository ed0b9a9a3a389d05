"""`testbed report`: show a record, which may come from another machine, or compare two."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.bench.record import BenchRecord
from testbed.bench.show.reported import report_of_benches, report_of_both
from testbed.chaos.record import ChaosRecord
from testbed.chaos.reported import report_of_chaos
from testbed.cli.options.report import ReportOptions
from testbed.errors import OK, UNEXPECTED, UsageError
from testbed.report.output.program_shown import is_program, show_program
from testbed.report.output.reported import Reported, report_of_runs
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.collected import end_of
from testbed.report.records.files import read_record
from testbed.report.records.header import Record
from testbed.report.records.record import RunRecord
from testbed.terminal import complain


def main(options: ReportOptions) -> int:
    """Show one record or compare two; a run and a benchmark become one page."""
    _require_sensible(options)
    if any(map(is_program, options.inputs)):
        return _show_program(options)
    files = ResultFiles(options.files)
    records = [read_record(name, RunRecord, BenchRecord, ChaosRecord) for name in options.inputs]
    for ended in filter(None, map(end_of, options.inputs)):
        complain(ended)
    found = _report_of(records, verbose=options.verbose)
    written = files.write(found.kind, found.result)
    if written.lost:
        raise written.lost[0]
    if files.print(found.kind, found.result):
        pass
    elif files.wanted and not options.fail_on_change:
        written.show()
    else:
        found.show()
    return UNEXPECTED if options.fail_on_change and found.changed else OK


def _report_of(records: Sequence[Record], *, verbose: bool) -> Reported:
    """The report of one record or two, which may be of two kinds."""
    runs = [record for record in records if isinstance(record, RunRecord)]
    benches = [record for record in records if isinstance(record, BenchRecord)]
    for record in records:
        if isinstance(record, ChaosRecord):
            return report_of_chaos(record, alone=len(records) == 1)
    if runs and benches:
        return report_of_both(runs[0], benches[0])
    return report_of_benches(benches) if benches else report_of_runs(runs, verbose=verbose)


def _show_program(options: ReportOptions) -> int:
    """Show the recorded launch or check of a user's program.

    Raises:
        UsageError: the options ask for a format that such a record does not have.
    """
    name = next(filter(is_program, options.inputs))
    if len(options.inputs) > 1 or options.files or options.fail_on_change:
        raise UsageError(
            f"{name}: a launch or check of a program is shown alone and as text:"
            f" testbed report {name}"
        )
    show_program(name)
    return OK


def _require_sensible(options: ReportOptions) -> None:
    if len(options.inputs) > 2:
        raise UsageError(
            f"{len(options.inputs)} files: one to show, or two to compare; the second is the later"
        )
    if len(options.inputs) == 1 and options.fail_on_change:
        raise UsageError("--fail-on-change compares two records; give two FILEs")
