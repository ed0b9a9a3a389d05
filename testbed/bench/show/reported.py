"""Benchmarks for `testbed report`: one, two that are compared, or one beside a run."""

from __future__ import annotations

from testbed.bench.compare import compare
from testbed.bench.files import bench_in
from testbed.bench.show.console import show_bench, show_comparison
from testbed.errors import UsageError
from testbed.report.formats.registry import BENCH, RUN_AND_BENCH
from testbed.report.formats.text import console
from testbed.report.output.reported import Documents, Reported, report_of_runs


def report_of_benches(documents: Documents) -> Reported:
    """The report of one benchmark, or of the later of two, with what changed.

    Raises:
        UsageError: a record is inconsistent.
    """
    *older, latest = [bench_in(data, name) for name, data in documents]
    if not older:
        return Reported(BENCH, latest, lambda: show_bench(latest, console()))
    compared = compare(older[0], latest)
    return Reported(
        BENCH,
        latest,
        lambda: show_comparison(compared, console()),
        changed=bool(compared.slower),
    )


def report_of_both(runs: Documents, benches: Documents) -> Reported:
    """The page of a run and a benchmark.

    Raises:
        UsageError: a record is inconsistent.
    """
    records = report_of_runs(runs).result, report_of_benches(benches).result
    return Reported(RUN_AND_BENCH, records, _only_as_page)


def _only_as_page() -> None:
    raise UsageError("a run and a benchmark can only be shown together as a page: --html PAGE")
