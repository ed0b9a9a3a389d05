"""`testbed bench` without a program: measure the costs, show them, write the record."""

from __future__ import annotations

import sys

from testbed.bench.compare import compare, read_bench
from testbed.bench.requested import request_of, require_room
from testbed.bench.run import bench
from testbed.bench.show.console import show_bench, show_comparison
from testbed.bench.show.plot_files import BenchPlots
from testbed.bench.show.progress import BenchProgress
from testbed.cli.options.bench import BenchOptions
from testbed.errors import OK, UNEXPECTED
from testbed.hosts.role import Role
from testbed.report.formats.registry import BENCH
from testbed.report.formats.text import console
from testbed.report.output.result_files import ResultFiles
from testbed.signals import interruptible


def require_valid_costs(options: BenchOptions, role: Role) -> None:
    """Reject options that `bench_costs` would reject, before a job waits in a queue."""
    request_of(options, role)


def bench_costs(options: BenchOptions, role: Role) -> int:
    """Measure the parts that the options name, and return the exit status."""
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
