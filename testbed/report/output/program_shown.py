"""Shows the recorded launch or check of a user's program, for `testbed report`."""

from __future__ import annotations

from testbed.report.formats.program_text import lines_of
from testbed.report.formats.text import show_line
from testbed.report.records.program import program_in


def is_program(name: str) -> bool:
    """Whether this is the folder of a launch or check.

    Raises:
        UsageError: the description of the program cannot be read.
    """
    return program_in(name) is not None


def show_program(name: str) -> None:
    """Print the state of the launch or check in a folder; nothing where there is none.

    Raises:
        UsageError: the description of the program cannot be read.
    """
    trace = program_in(name)
    for line in lines_of(trace) if trace else ():
        show_line(line)
