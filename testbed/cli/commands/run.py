"""`testbed run`: run scenarios, show the table, write the record."""

from __future__ import annotations

import os
import sys

from testbed.cli.options.run import RunOptions
from testbed.errors import OK, UNEXPECTED, WRONG_COMMAND
from testbed.hosts.role import Role
from testbed.launcher.machine.environment import kept_from
from testbed.report.formats.registry import RUN
from testbed.report.formats.text import show_line, show_record
from testbed.report.output.console import ConsoleObserver
from testbed.report.output.result_files import ResultFiles
from testbed.run.request import request_of
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: RunOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    request = request_of(options, role)
    if not request.selection.problems:
        request.require_cases()


def main(options: RunOptions, role: Role) -> int:
    """Run the cases that the options select, and return the exit status."""
    request = request_of(options, role)
    files = ResultFiles(options.files)
    for unreadable in request.selection.problems:
        complain(unreadable)
    request.require_cases()
    request = request.fitted()
    if options.verbose and (kept := kept_from(os.environ)):
        show_line(f"kept from your environment: {', '.join(kept)}")
    with role.run_folder() as folder:
        with ConsoleObserver(request.selection, verbose=options.verbose) as observer:
            record = interruptible(request.run(folder, observer, sys.argv[1:]))
        # Show the result before writing files: a full disk must not lose it.
        show_record(record, verbose=options.verbose)
        written = files.write(RUN, record, folder.record)
    written.show(logs_and_readings=folder.path)
    if request.selection.problems:
        return WRONG_COMMAND
    return written.status(OK if record.as_expected else UNEXPECTED)
