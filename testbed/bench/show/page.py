"""The page's data of a benchmark, as JSON types."""

from __future__ import annotations

import base64
import importlib.util
import shlex
from dataclasses import asdict
from typing import Any

from testbed.bench.record import BenchRecord
from testbed.bench.show.headlines import headlines
from testbed.bench.show.plots import draw
from testbed.bench.show.tables import tables_of
from testbed.cli.options.bench import PARTS
from testbed.report.formats.page import page_of
from testbed.report.formats.words import conditions
from testbed.report.records.record import RunRecord

# Texts that screen readers read instead of the plots.
_ALT = {
    "sharing": "Median step time by way of sharing, outside the scope and in it",
    "scaling": "Percent of perfect scaling by number of replicas",
    "wire": "Bus bandwidth by size of the message, beside the memory's",
}


def page_of_bench(record: BenchRecord) -> str:
    """The page of a benchmark."""
    return page_of(None, bench=bench_data(record))


def page_of_both(records: tuple[RunRecord, BenchRecord]) -> str:
    """The page of a run and a benchmark."""
    run, bench = records
    return page_of(run, bench=bench_data(bench))


def bench_data(record: BenchRecord) -> dict[str, Any]:
    """Headline facts, parts with tables and plots, and doubts.

    Plots are omitted if matplotlib is missing: the tables show the same figures.
    """
    plots = draw(record) if importlib.util.find_spec("matplotlib") else {}
    return {
        "counts": f"{len(record.rows)} rows, {record.rounds} rounds",
        "began": record.began,
        "seconds": record.seconds,
        "command": shlex.join(["testbed", *record.command]),
        "conditions": conditions(record),
        "environment": record.environment,
        "headlines": headlines(record),
        "doubts": [asdict(doubt) for doubt in record.doubts],
        "parts": [_part(record, part, plots.get(part)) for part in PARTS if record.of(part)],
    }


def _part(record: BenchRecord, part: str, plot: bytes | None) -> dict[str, Any]:
    return {
        "name": part,
        "about": PARTS[part],
        "tables": [asdict(table) for table in tables_of(record, part)],
        "plot": plot and f"data:image/svg+xml;base64,{base64.b64encode(plot).decode()}",
        "alt": _ALT.get(part, ""),
    }
