"""`testbed bench`: take a program apart, or measure the costs of sharing and of the testbed."""

from __future__ import annotations

from testbed.bench.command import bench_costs, require_valid_costs
from testbed.bench.slow.command import bench_program, require_valid_program
from testbed.bench.slow.run import ProgramFailedError
from testbed.check.known_errors.matching import known
from testbed.cli.options.bench import BenchOptions
from testbed.errors import UNEXPECTED
from testbed.hosts.role import Role
from testbed.terminal import complain


def require_valid(options: BenchOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    if options.has_program:
        require_valid_program(options, role)
    else:
        require_valid_costs(options, role)


def main(options: BenchOptions, role: Role) -> int:
    """Run the benchmark that the options describe, and return the exit status."""
    if not options.has_program:
        return bench_costs(options, role)
    try:
        return bench_program(options, role)
    except ProgramFailedError as failed:
        complain(failed)
        if failed.error and (match := known(failed.error)):
            complain(match.advice)
        return UNEXPECTED
