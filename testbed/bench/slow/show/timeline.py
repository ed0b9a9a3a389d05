"""Lays some steps of a worker out in rows, so that no two events of a row overlap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from testbed.bench.slow.record import ProgramBenchRecord, RecordedEvent, RecordedWorker
from testbed.orders.timed import COLLECTIVE, STEP, WAIT

STEPS, PYTHON, REPLICA = "steps", "python", "replica"
"""The kinds of rows besides those of events that belong to no replica."""

_TITLES = {STEP: "calls of TensorFlow", WAIT: "input", COLLECTIVE: "collectives"}

_CALL, _FETCHED, _WAITED = "call of the step", "values are copied", "waits for input"

# A function that TensorFlow calls, like `__inference_step_479`.
_FUNCTION = re.compile(r"__(?:inference|forward|backward)_(.+?)_\d+$")
# Seconds since the epoch are stored to less than this; so far, neighbours only seem to overlap.
_EXACT = 1e-6


@dataclass(frozen=True)
class Span:
    """An event of a row."""

    name: str
    operation: str
    """The name as TensorFlow's profiler has it; empty for what Python does."""
    begin: float
    """In seconds after the first step of all workers."""
    seconds: float

    @property
    def end(self) -> float:
        """When it is over."""
        return self.begin + self.seconds


@dataclass(frozen=True)
class TimelineRow:
    """Events that follow each other."""

    kind: str
    """STEPS, PYTHON, REPLICA, or a kind of event."""
    title: str
    spans: tuple[Span, ...]
    """In the order of time; none begins before the one before it is over."""


def beginning(record: ProgramBenchRecord) -> float:
    """When the first recorded step of all workers begins, in seconds since the epoch."""
    return min((step.begin for worker in record.workers for step in worker.steps), default=0.0)


def timeline(worker: RecordedWorker, zero: float) -> list[TimelineRow]:
    """The rows of a worker: its steps, Python, calls, input, collectives, and each replica.

    Events at the same time, like parallel operations of a replica, are in several rows with one
    title. Events that are over before the first step are left out.

    Args:
        worker: the worker.
        zero: the moment from which times count, as `beginning` gives it.
    """
    rows = [
        TimelineRow(STEPS, "steps", tuple(_steps(worker, zero))),
        TimelineRow(PYTHON, "Python", tuple(_python(worker, zero))),
    ]
    events = [each for each in worker.events if each.begin + each.seconds > zero]
    for kind, title in _TITLES.items():
        rows += _rows(kind, title, [each for each in events if each.kind == kind], zero)
    own = [each for each in events if each.kind not in _TITLES]
    for replica in sorted({each.replica for each in own}):
        title = f"replica {replica}" if replica >= 0 else "tf.data"
        rows += _rows(REPLICA, title, [each for each in own if each.replica == replica], zero)
    return [row for row in rows if row.spans]


def _steps(worker: RecordedWorker, zero: float) -> Iterator[Span]:
    for number, step in enumerate(worker.steps):
        yield Span(f"step {number}", "", step.begin - zero, step.period)


def _python(worker: RecordedWorker, zero: float) -> Iterator[Span]:
    """What Python does in each step.

    Only how long each part takes is recorded, so they follow each other in the usual order: the
    wait is for the batch of the next step.
    """
    for step in worker.steps:
        at, end = step.begin - zero, step.begin - zero + step.period
        called, fetched = min(step.called, step.period), min(step.fetched, step.period)
        waited = min(step.waited, step.period)
        yield from _filled(_CALL, at, called)
        yield from _filled(_FETCHED, at + called, min(fetched, end - at - called))
        begin = max(at + min(step.period, called + fetched), end - waited)
        yield from _filled(_WAITED, begin, end - begin)


def _filled(name: str, begin: float, seconds: float) -> Iterator[Span]:
    if seconds > 0:
        yield Span(name, "", begin, seconds)


def _rows(
    kind: str, title: str, events: Iterable[RecordedEvent], zero: float
) -> Iterator[TimelineRow]:
    lanes: list[list[Span]] = []
    for event in sorted(events, key=lambda each: (each.begin, -each.seconds)):
        span = Span(_short(event.name), event.name, event.begin - zero, event.seconds)
        lane = next((each for each in lanes if each[-1].end <= span.begin + _EXACT), None)
        if lane is None:
            lanes.append([span])
        else:
            lane.append(_after(lane[-1].end, span))
    return (TimelineRow(kind, title, tuple(lane)) for lane in lanes)


def _after(moment: float, span: Span) -> Span:
    """The span without what lies before a moment."""
    begin = max(moment, span.begin)
    return replace(span, begin=begin, seconds=max(0.0, span.end - begin))


def _short(name: str) -> str:
    """The name of an operation or call without its type, like `dense/MatMul`."""
    called = name.partition(": ")[2]
    if called:
        function = _FUNCTION.search(called)
        return function[1] if function else called
    return name.partition(":")[0] if re.search(r"\w:_?[A-Z]\w*$", name) else name
