"""`testbed report`: show a run that was recorded, here or elsewhere, or compare two."""

from __future__ import annotations

import argparse
import sys

from testbed.cli import OK, UNEXPECTED
from testbed.errors import UsageError
from testbed.report.compare import Comparison, compare
from testbed.report.destinations import all_destinations
from testbed.report.files import read_record
from testbed.report.markdown import markdown_of, markdown_of_comparison
from testbed.report.record import RunRecord
from testbed.report.text import show_comparison, show_files, show_record
from testbed.report.written import write_shown


def main(options: argparse.Namespace) -> int:
    """Show one record, or two side by side."""
    _require_sensible(options)
    wanted = all_destinations(html=options.html, junit=options.junit)
    records = [read_record(name) for name in options.files]
    comparison = compare(*records) if len(records) == 2 else None
    written = write_shown(records[-1], wanted, comparison)
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


def _show(record: RunRecord, comparison: Comparison | None) -> None:
    if comparison:
        show_comparison(comparison)
    else:
        show_record(record)


def _require_sensible(options: argparse.Namespace) -> None:
    if len(options.files) > 2:
        raise UsageError(
            f"{len(options.files)} files: one to show, or two to compare; the second is the later"
        )
    if len(options.files) == 2 and options.junit:
        raise UsageError("--junit is of one run; give one FILE")
    if len(options.files) == 1 and options.fail_on_change:
        raise UsageError("--fail-on-change compares two runs; give two FILEs")
