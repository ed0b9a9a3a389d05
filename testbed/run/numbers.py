"""Checks the numbers of options, for the requests of all commands that run workers."""

from __future__ import annotations

from testbed.cli.declarations.shared import DeadlineOptions, ProgramDeadlineOptions
from testbed.errors import UsageError
from testbed.launcher.cluster.deadlines import Deadlines


def require_at_least(least: int, **options: int | None) -> None:
    """Reject an option whose number is given and too small; `workers` stands for `--workers`.

    Raises:
        UsageError: one of the numbers is below `least`.
    """
    for name, number in options.items():
        if number is not None and number < least:
            raise UsageError(f"--{name} {number}: at least {least}")


def require_positive(name: str, number: float | None) -> None:
    """Reject an option whose number is given and not above 0.

    Raises:
        UsageError: the number is 0, below 0, or no number.
    """
    if number is not None and not number > 0:
        raise UsageError(f"{name} {number:g}: more than 0")


def deadlines_of(options: DeadlineOptions | ProgramDeadlineOptions, begin: str = "") -> Deadlines:
    """The deadlines of a command; for `begin` see `Deadlines`.

    Raises:
        UsageError: one of them is not above 0.
    """
    require_positive("--timeout", options.timeout)
    require_positive("--start-timeout", options.start_timeout)
    return Deadlines(options.start_timeout, options.timeout, begin)
