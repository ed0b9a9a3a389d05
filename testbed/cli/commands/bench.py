"""`testbed bench`: take a program apart, or measure the costs of sharing and of the testbed."""

from __future__ import annotations

import sys

from testbed.bench.compare import compare
from testbed.bench.files import BenchPlots, read_bench
from testbed.bench.requested import request_of, require_room
from testbed.bench.run import bench
from testbed.bench.show.console import show_bench, show_comparison
from testbed.bench.show.progress import BenchProgress
from testbed.bench.slow.command import bench_program, require_valid_program
from testbed.bench.slow.run import ProgramFailedError
from testbed.check.known_errors.matching import known
from testbed.cli.options.bench import BenchOptions
from testbed.errors import OK, UNEXPECTED
from testbed.hosts.role import Role
from testbed.report.formats.registry import BENCH
from testbed.report.formats.text import console
from testbed.report.output.result_files import ResultFiles
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: BenchOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    if options.has_program:
        require_valid_program(options, role)
    else:
        request_of(options, role)


def main(options: BenchOptions, role: Role) -> int:
    """Run the benchmark that the options describe, and return the exit status."""
    if not options.has_program:
        return _measure(options, role)
    try:
        return bench_program(options, role)
    except ProgramFailedError as failed:
        complain(failed)
        if failed.error and (match := known(failed.error)):
            complain(match.advice)
        return UNEXPECTED


def _measure(options: BenchOptions, role: Role) -> int:
    """Measure the parts of the benchmark without a program."""
    request = request_of(options, role)
    require_room(request)
    files, plots = ResultFiles(options.files), BenchPlots(options.plots, options.format)
    files.require(BENCH)
    old = read_bench(options.against) if options.against else None
    shown = console()
    with role.run_folder() as folder:
        with BenchProgress(shown) as progress:
            record = interruptible(bench(request, folder, progress, sys.argv[1:]))
        # Show the result before writing files: a full disk must not lose it.
        show_bench(record, shown)
        written = files.write(BENCH, record, folder.record)
    written.add(plots.write, record)
    written.show()
    if old is None:
        return written.status(OK)
    comparison = compare(old, record, options.tolerance / 100)
    show_comparison(comparison, shown)
    return written.status(UNEXPECTED if comparison.slower else OK)
