"""`testbed check`: find where a user's program is wrong under replication."""

from __future__ import annotations

import sys

from testbed.check.request import CASE, request_of
from testbed.cli.options.check import CheckOptions
from testbed.hosts.role import Role
from testbed.report.formats.registry import CHECK, STANDARD_OUTPUT, TEXT, WantedFile
from testbed.report.output.result_files import ResultFiles
from testbed.report.records.program import recorded
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: CheckOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    request_of(options, role)


def main(options: CheckOptions, role: Role) -> int:
    """Check the program that the options name, and return the exit status."""
    request = request_of(options, role)
    printed = ResultFiles([WantedFile(options.format, STANDARD_OUTPUT, "--format")])
    files = ResultFiles(
        [WantedFile(options.format, options.output, "--output")] if options.output else []
    )
    request.run.require_room()
    with (
        role.run_folder() as folder,
        recorded(folder, sys.argv[1:], CASE, request.run.deployment) as ended,
    ):
        checked = interruptible(request.check(folder, show=options.format == TEXT))
        result = request.result_of(checked)
        lost = files.write(CHECK, result).lost
        if lost or not files.wanted:
            printed.print(CHECK, result)
        if lost:
            # The findings are shown above, even where the file cannot be written.
            raise lost[0]
        ended(result.status, result.cause or f"found {result.codes}" * bool(result.codes))
        if result.cause:
            complain(f"{result.cause}; logs: {folder.case(CASE).path}")
    return result.status
