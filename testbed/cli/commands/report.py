"""`testbed report`: show a record, which may come from another machine, or compare two."""

from __future__ import annotations

from testbed.bench.show.reported import report_of_benches, report_of_both
from testbed.chaos.reported import report_of_chaos
from testbed.cli.options.report import ReportOptions
from testbed.errors import OK, UNEXPECTED, UsageError
from testbed.report.formats.program_text import lines_of
from testbed.report.formats.registry import BENCH, CHAOS, RUN
from testbed.report.formats.text import show_line
from testbed.report.output.reported import Documents, Reported, report_of_runs
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.collected import end_of
from testbed.report.records.files import KINDS, read_document
from testbed.report.records.program import program_in
from testbed.terminal import complain


def main(options: ReportOptions) -> int:
    """Show one record or compare two; a run and a benchmark become one page."""
    _require_sensible(options)
    if any(map(_is_program, options.inputs)):
        return _show_program(options)
    files = ResultFiles(options.files)
    documents = [(name, read_document(name, *KINDS)) for name in options.inputs]
    for ended in filter(None, map(end_of, options.inputs)):
        complain(ended)
    found = _report_of(documents, verbose=options.verbose)
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


def _report_of(documents: Documents, *, verbose: bool) -> Reported:
    """The report of the documents, which may be of two kinds."""

    def of_kind(kind: str) -> Documents:
        return [(name, data) for name, data in documents if data["kind"] == kind]

    runs, benches = of_kind(RUN), of_kind(BENCH)
    if of_kind(CHAOS):
        return report_of_chaos(documents)
    if runs and benches:
        return report_of_both(runs, benches)
    return report_of_benches(benches) if benches else report_of_runs(runs, verbose=verbose)


def _is_program(name: str) -> bool:
    return program_in(name) is not None


def _show_program(options: ReportOptions) -> int:
    """Show the recorded launch or check of a user's program.

    Raises:
        UsageError: the options ask for a format that such a record does not have.
    """
    name = next(filter(_is_program, options.inputs))
    trace = program_in(name)
    if trace is None or len(options.inputs) > 1 or options.files or options.fail_on_change:
        raise UsageError(
            f"{name}: a launch or check of a program is shown alone and as text:"
            f" testbed report {name}"
        )
    for line in lines_of(trace):
        show_line(line)
    return OK


def _require_sensible(options: ReportOptions) -> None:
    if len(options.inputs) > 2:
        raise UsageError(
            f"{len(options.inputs)} files: one to show, or two to compare; the second is the later"
        )
    if len(options.inputs) == 1 and options.fail_on_change:
        raise UsageError("--fail-on-change compares two records; give two FILEs")
