"""`testbed bench PROGRAM`: take the program apart, show what bounds it, write the record."""

from __future__ import annotations

import sys

from testbed.bench.slow.changes import changes_of
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.bench.slow.request import program_request_of
from testbed.bench.slow.run import take_apart
from testbed.bench.slow.show.progress import ProgramProgress
from testbed.bench.slow.show.text import show_changes, show_program
from testbed.cli.options.bench import BenchOptions
from testbed.errors import OK, UNEXPECTED
from testbed.hosts.role import Role
from testbed.report.formats.registry import PROGRAM_BENCH
from testbed.report.formats.text import console
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.files import read_record
from testbed.signals import interruptible


def require_valid_program(options: BenchOptions, role: Role) -> None:
    """Reject options that `bench_program` would reject, before a job waits in a queue."""
    program_request_of(options, role)


def bench_program(options: BenchOptions, role: Role) -> int:
    """Take the program that the options name apart, and return the exit status."""
    request = program_request_of(options, role)
    request.require_room()
    files = ResultFiles(options.files)
    files.require(PROGRAM_BENCH)
    old = read_record(options.against, ProgramBenchRecord) if options.against else None
    shown = console()
    with role.run_folder() as folder:
        with ProgramProgress(shown) as progress:
            record = interruptible(take_apart(request, folder, progress.ran, sys.argv[1:]))
        # Show the result before writing files: a full disk must not lose it.
        show_program(record, shown)
        written = files.write(PROGRAM_BENCH, record, folder.record)
    written.show()
    if old is None:
        return written.status(OK)
    changes = changes_of(old, record, options.tolerance / 100)
    show_changes(changes, shown)
    return written.status(UNEXPECTED if changes.slower else OK)
