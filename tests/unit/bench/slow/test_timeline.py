"""The rows of a timeline, and the trace made of them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from testbed.bench.slow.show.timeline import PYTHON, TimelineRow, beginning, timeline
from testbed.bench.slow.show.trace import trace_of
from testbed.orders.timed import OPERATION
from tests.unit.bench.slow.builders import BEGAN, EVENTS, event_of, record_of, worker_of


def rows_of(*events: Any) -> list[TimelineRow]:
    return timeline(worker_of(events=events), BEGAN)


def test_each_kind_has_its_rows() -> None:
    """Steps and Python come first, then TensorFlow, then each replica; parallel ones have two."""
    assert [(row.title, [span.name for span in row.spans]) for row in rows_of(*EVENTS)] == [
        ("steps", ["step 0", "step 1"]),
        ("Python", ["call of the step", "values are copied", "waits for input"] * 2),
        ("calls of TensorFlow", ["step"]),
        ("input", ["IteratorGetNext"]),
        ("collectives", ["sgd/CollectiveReduceV2"]),
        ("replica 0", ["dense/MatMul"]),
        ("replica 0", ["dense/Relu"]),
        ("replica 1", ["replica_1/dense/MatMul"]),
    ]


def test_python_stays_within_its_step() -> None:
    """The wait is at the end, for the batch of the next step; no part leaves its step."""
    worker = worker_of(steps=1)
    (python,) = [row for row in timeline(worker, BEGAN) if row.kind == PYTHON]
    spans = [(round(span.begin, 6), round(span.end, 6)) for span in python.spans]
    assert spans == [(0, 0.01), (0.01, 0.0105), (0.011, 0.05)]
    (step,) = worker.steps
    broken = replace(worker, steps=(replace(step, called=0.04, waited=0.04, fetched=0.04),))
    (python,) = [row for row in timeline(broken, BEGAN) if row.kind == PYTHON]
    assert [(span.name, round(span.seconds, 6)) for span in python.spans] == [
        ("call of the step", 0.04),
        ("values are copied", 0.01),
    ]


def test_events_before_the_first_step_are_left_out() -> None:
    """A time that counts from another beginning leads to no row."""
    titles = [row.title for row in rows_of(event_of("a:A", OPERATION, -5.0, 0.1, 0))]
    assert titles == ["steps", "Python"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("a/b_1:_MklMatMul", "a/b_1"),
        ("PyFunc:PyFunc", "PyFunc"),
        ("EagerLocalExecute: __inference_train_step_12", "train_step"),
        ("CollectiveOpV2Kernel::Run", "CollectiveOpV2Kernel::Run"),
        ("ampere_sgemm<float, 2>", "ampere_sgemm<float, 2>"),
        ("", ""),
    ],
)
def test_names_are_short(name: str, short: str) -> None:
    """The type of an operation and the number of a function are left out."""
    (row,) = [
        row for row in rows_of(event_of(name, OPERATION, 0.0, 0.1, 0)) if row.kind == "replica"
    ]
    assert [span.name for span in row.spans] == [short]
    assert row.spans[0].operation == name


def drawn(seed: int) -> list[Any]:
    """Events that overlap in all ways, some of them by less than the clock can tell."""
    draw = random.Random(seed)
    moments = [draw.uniform(-0.01, 0.1) for _ in range(40)]
    return [
        event_of(f"op{number}:Op", OPERATION, draw.choice(moments), draw.choice([0, 1e-7, 0.01]), 0)
        for number in range(200)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_no_two_events_of_a_row_overlap(seed: int) -> None:
    """Whatever runs at the same time; and none is lost."""
    events = drawn(seed)
    rows = [row for row in rows_of(*events) if row.kind == "replica"]
    for row in rows:
        for one, other in zip(row.spans, row.spans[1:], strict=False):
            assert one.end <= other.begin + 1e-9
    shown = sum(len(row.spans) for row in rows)
    assert shown == sum(each.begin + each.seconds > BEGAN for each in events)


def complete(trace: dict[str, Any]) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """The events of each row of a trace, in the order of the file."""
    rows: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            rows.setdefault((event["pid"], event["tid"]), []).append(event)
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_a_trace_is_what_viewers_open(seed: int) -> None:
    """Chrome's format: microseconds, a name for each row, and no partial overlap within one."""
    workers = (worker_of(0), worker_of(1, drawn(seed)))
    trace = json.loads(trace_of(record_of(workers=workers)))
    assert trace["displayTimeUnit"] == "ms"
    rows = complete(trace)
    named = {
        (event["pid"], event["tid"])
        for event in trace["traceEvents"]
        if event["ph"] == "M" and event["name"] == "thread_name"
    }
    assert named == rows.keys()
    assert min(pid for pid, _ in rows) == min(tid for _, tid in rows) == 1
    for events in rows.values():
        over = 0
        for event in events:
            begin = round(event["ts"] * 1000)
            assert begin >= over
            assert event["dur"] >= 0
            over = begin + round(event["dur"] * 1000)


def test_a_trace_names_workers_and_its_result() -> None:
    """The whole name of an operation is among its arguments."""
    trace = json.loads(trace_of(record_of(workers=(worker_of(0), worker_of(1)))))
    processes = [
        each["args"]["name"] for each in trace["traceEvents"] if each["name"] == "process_name"
    ]
    assert processes == ["worker 0", "worker 1"]
    assert trace["otherData"]["result"] == "bound by its input: 80% of a step"
    found = [each for each in trace["traceEvents"] if each["name"] == "dense/Relu"]
    assert found[0]["args"] == {"operation": "dense/Relu:_Fused"}
    assert (found[0]["ts"], found[0]["dur"]) == (pytest.approx(3000, 1e-3), pytest.approx(4000))


def test_a_record_without_steps_has_an_empty_trace() -> None:
    """Nothing to show is no error."""
    assert beginning(record_of(workers=())) == 0.0
    assert json.loads(trace_of(record_of(workers=())))["traceEvents"] == []
