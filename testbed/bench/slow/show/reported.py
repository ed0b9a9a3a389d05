"""Benchmarks of a program for `testbed report`: one, or two that are compared."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.bench.compare import TOLERANCE
from testbed.bench.slow.changes import changes_of
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.bench.slow.show.text import show_changes, show_program
from testbed.errors import UsageError
from testbed.report.formats.registry import PROGRAM_BENCH
from testbed.report.formats.text import console
from testbed.report.output.reported import Reported


def report_of_program(records: Sequence[ProgramBenchRecord], *, alone: bool) -> Reported:
    """The report of one benchmark of a program, or of the later of two, with what changed.

    Args:
        records: the benchmarks, as they were given.
        alone: whether nothing else was given.

    Raises:
        UsageError: there are more than two, or something else was given, too.
    """
    if not alone or len(records) > 2:
        raise UsageError(
            "a benchmark of a program is shown alone, or compared with an earlier one:"
            " testbed report OLD NEW"
        )
    *older, latest = records
    if not older:
        return Reported(PROGRAM_BENCH, latest, lambda: show_program(latest, console()))
    changes = changes_of(older[0], latest, TOLERANCE)
    return Reported(
        PROGRAM_BENCH,
        latest,
        lambda: show_changes(changes, console()),
        changed=bool(changes.slower),
    )
