"""Results that `testbed report` shows: one record, or two that are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.report.formats.registry import COMPARISON, RUN
from testbed.report.formats.text import show_comparison, show_record
from testbed.report.records.compare import compare
from testbed.report.records.record import RunRecord


@dataclass(frozen=True)
class Reported:
    """A result, which every format of its kind can show."""

    kind: str
    result: Any
    show: Callable[[], None]
    """Prints it for people."""
    changed: bool = False
    """Whether the later of two records changed or got slower."""


def report_of_runs(records: Sequence[RunRecord], *, verbose: bool = False) -> Reported:
    """The report of one run, or of the differences between two; for `verbose` see `show_record`."""
    if len(records) == 1:
        return Reported(RUN, records[0], lambda: show_record(records[0], verbose=verbose))
    compared = compare(*records)
    return Reported(
        COMPARISON, compared, lambda: show_comparison(compared), changed=bool(compared.changes)
    )
