"""`testbed launch`: run a user's program as a cluster on this machine."""

from __future__ import annotations

import sys

from testbed.check.known_errors.matching import known
from testbed.cli.options.launch import LaunchOptions
from testbed.hosts.role import Role
from testbed.report.records.program import recorded
from testbed.run.launch_request import LAUNCHED, launch_program, launch_request_of
from testbed.signals import interruptible
from testbed.terminal import complain


def require_valid(options: LaunchOptions, role: Role) -> None:
    """Reject options that `main` would reject, before a job waits in a queue."""
    launch_request_of(options, role)


def main(options: LaunchOptions, role: Role) -> int:
    """Run the program that the options name, and return its exit code."""
    request = launch_request_of(options, role)
    request.require_room()
    with (
        role.run_folder() as folder,
        recorded(folder, sys.argv[1:], LAUNCHED, request.deployment) as ended,
    ):
        end = interruptible(launch_program(request, folder))
        ended(end.code, end.cause)
        if end.cause:
            complain(f"{end.cause}; logs: {folder.case(LAUNCHED).path}")
        if end.error and (match := known(end.error)):
            complain(match.advice)
    return end.code
