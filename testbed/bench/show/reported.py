"""Benchmarks for `testbed report`: one, two that are compared, or one beside a run."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.bench.compare import compare
from testbed.bench.record import BenchRecord
from testbed.bench.show.console import show_bench, show_comparison
from testbed.errors import UsageError
from testbed.report.formats.registry import BENCH, RUN_AND_BENCH
from testbed.report.formats.text import console
from testbed.report.output.reported import Reported
from testbed.report.records.record import RunRecord


def report_of_benches(records: Sequence[BenchRecord]) -> Reported:
    """The report of one benchmark, or of the later of two, with what changed."""
    *older, latest = records
    if not older:
        return Reported(BENCH, latest, lambda: show_bench(latest, console()))
    compared = compare(older[0], latest)
    return Reported(
        BENCH,
        latest,
        lambda: show_comparison(compared, console()),
        changed=bool(compared.slower),
    )


def report_of_both(run: RunRecord, bench: BenchRecord) -> Reported:
    """The page of a run and a benchmark."""
    return Reported(RUN_AND_BENCH, (run, bench), _only_as_page)


def _only_as_page() -> None:
    raise UsageError("a run and a benchmark can only be shown together as a page: --html PAGE")
