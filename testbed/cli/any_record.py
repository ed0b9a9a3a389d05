"""Reads the records of all commands, and chooses how to report them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, get_args

from testbed.bench.record import BenchRecord
from testbed.bench.show.reported import report_of_benches, report_of_both
from testbed.bench.slow.record import ProgramBenchRecord
from testbed.bench.slow.show.reported import report_of_program
from testbed.chaos.record import ChaosRecord
from testbed.chaos.reported import report_of_chaos
from testbed.report.atlas.atlas import Atlas
from testbed.report.atlas.reported import report_of_atlas, report_of_versions
from testbed.report.output.reported import Reported, report_of_runs
from testbed.report.records.files import read_record
from testbed.report.records.record import RunRecord

AnyRecord: TypeAlias = RunRecord | BenchRecord | ProgramBenchRecord | ChaosRecord | Atlas


def read_any(name: str) -> AnyRecord:
    """Read a record of any kind from a file or the folder of its run.

    Raises:
        UsageError: as `read_record`.
    """
    kinds: tuple[type[AnyRecord], ...] = get_args(AnyRecord)
    return read_record(name, *kinds)


def report_of(records: Sequence[AnyRecord], *, verbose: bool) -> Reported:
    """The report of one record, of two, which may be of two kinds, or of more: their atlas.

    Args:
        records: the records, as they were given.
        verbose: as for `show_record`.

    Raises:
        UsageError: these records are not shown together.
    """
    runs = [record for record in records if isinstance(record, RunRecord)]
    benches = [record for record in records if isinstance(record, BenchRecord)]
    for record in records:
        if isinstance(record, Atlas):
            return report_of_atlas(record, alone=len(records) == 1)
    for record in records:
        if isinstance(record, ChaosRecord):
            return report_of_chaos(record, alone=len(records) == 1)
    if programs := [record for record in records if isinstance(record, ProgramBenchRecord)]:
        return report_of_program(programs, alone=len(programs) == len(records))
    if len(records) > 2:
        return report_of_versions(runs, alone=len(runs) == len(records))
    if runs and benches:
        return report_of_both(runs[0], benches[0])
    return report_of_benches(benches) if benches else report_of_runs(runs, verbose=verbose)
