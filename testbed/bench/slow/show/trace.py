"""Some steps of a program as a trace that Perfetto and Chrome's trace viewer open.

The format is Chrome's JSON: a process for each worker, and in it a row for each kind of event.
Events at the same time are in several rows, because those of one must nest or follow each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from testbed.bench.slow.record import ProgramBenchRecord, RecordedWorker
from testbed.bench.slow.show.timeline import Span, TimelineRow, beginning, timeline
from testbed.report.formats.words import conditions


def trace_of(record: ProgramBenchRecord) -> str:
    """The trace as JSON; times are in microseconds after the first step."""
    zero = beginning(record)
    events = [event for worker in record.workers for event in _worker(worker, zero)]
    about = {"program": record.program, "result": record.headline, **conditions(record)}
    trace = {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}
    return json.dumps(trace) + "\n"


def _worker(worker: RecordedWorker, zero: float) -> Iterator[dict[str, Any]]:
    # Perfetto takes process 0 for the idle one.
    process = {"pid": worker.worker + 1}
    yield _about(process, "process_name", name=f"worker {worker.worker}")
    yield _about(process, "process_sort_index", sort_index=worker.worker)
    for number, row in enumerate(timeline(worker, zero), 1):
        thread = {**process, "tid": number}
        yield _about(thread, "thread_name", name=row.title)
        yield _about(thread, "thread_sort_index", sort_index=number)
        yield from _spans(row, thread)


def _spans(row: TimelineRow, thread: dict[str, int]) -> Iterator[dict[str, Any]]:
    over = 0
    for span in row.spans:
        begin, end = max(over, _nanoseconds(span.begin)), _nanoseconds(span.end)
        over = max(begin, end)
        times = {"ts": begin / 1000, "dur": (over - begin) / 1000}
        yield {"name": span.name, "cat": row.kind, "ph": "X", **times, **thread, **_more(span)}


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def _more(span: Span) -> dict[str, Any]:
    is_short = span.operation not in ("", span.name)
    return {"args": {"operation": span.operation}} if is_short else {}


def _about(of: dict[str, int], what: str, **args: Any) -> dict[str, Any]:
    return {"name": what, "ph": "M", **of, "args": args}
