"""`testbed report`: show a record, compare two, or make an atlas of several."""

from __future__ import annotations

from testbed.cli.any_record import read_any, report_of
from testbed.cli.options.report import ReportOptions
from testbed.errors import OK, UNEXPECTED, UsageError
from testbed.report.output.program_shown import is_program, show_program
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.collected import end_of
from testbed.terminal import complain


def main(options: ReportOptions) -> int:
    """Show one record or compare two; a run and a benchmark become one page, runs an atlas."""
    _require_sensible(options)
    if any(map(is_program, options.inputs)):
        return _show_program(options)
    files = ResultFiles(options.files)
    records = list(map(read_any, options.inputs))
    for ended in filter(None, map(end_of, options.inputs)):
        complain(ended)
    found = report_of(records, verbose=options.verbose)
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
    if len(options.inputs) != 2 and options.fail_on_change:
        raise UsageError("--fail-on-change compares two records; give two FILEs")
