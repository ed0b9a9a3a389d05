"""A small record of a program's benchmark for the tests to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from testbed.bench.figures.figure import figure
from testbed.bench.slow.bounds import COMMUNICATION, INPUT
from testbed.bench.slow.record import (
    Lacking,
    ProgramBenchRecord,
    RecordedCause,
    RecordedEvent,
    RecordedInterval,
    RecordedMemory,
    RecordedPart,
    RecordedScale,
    RecordedStep,
    RecordedTransformation,
    RecordedWorker,
)
from testbed.orders.timed import COLLECTIVE, OPERATION, STEP, WAIT
from testbed.report.records.header import Versions
from tests.unit.builders import MACHINE

BEGAN = 1_796_000_000.0
"""When the first step began."""

ONE = RecordedInterval(1.0, 1.0, 1.0)


def scale_of(
    workers: int = 1,
    replicas: int = 2,
    rounds: Sequence[float] = (0.05, 0.05, 0.06),
    rows: int = 64,
    speedup: RecordedInterval | None = ONE,
) -> RecordedScale:
    return RecordedScale(workers, replicas, figure(rounds), rows, speedup)


def event_of(name: str, kind: str, begin: float, seconds: float, replica: int = -1) -> Any:
    return RecordedEvent(name, kind, replica, BEGAN + begin, seconds)


EVENTS = (
    event_of("EagerLocalExecute: __inference_step_12", STEP, 0.001, 0.008),
    event_of("dense/MatMul:MatMul", OPERATION, 0.002, 0.003, 0),
    event_of("dense/Relu:_Fused", OPERATION, 0.003, 0.004, 0),
    event_of("replica_1/dense/MatMul:MatMul", OPERATION, 0.002, 0.003, 1),
    event_of("sgd/CollectiveReduceV2:CollectiveReduceV2", COLLECTIVE, 0.006, 0.002),
    event_of("EagerLocalExecute: IteratorGetNext", WAIT, 0.011, 0.039),
)


def worker_of(
    number: int = 0, events: Sequence[RecordedEvent] = EVENTS, steps: int = 2
) -> RecordedWorker:
    step = RecordedStep(BEGAN, 0.05, 0.01, 0.039, 0.0005, 0.0)
    return RecordedWorker(
        number,
        (32, 32),
        (0.0042, 0.003),
        tuple(replace(step, begin=BEGAN + 0.05 * index) for index in range(steps)),
        tuple(events),
    )


def record_of(**more: Any) -> ProgramBenchRecord:
    """A program that is bound by its input, with something in all fields."""
    plain = ProgramBenchRecord(
        run="20260101-000000-abcd",
        began="2026-01-01T00:00:00+00:00",
        seconds=12.5,
        command=("bench", "train.py"),
        versions=Versions("0", "3.11", "2.21", "3.15"),
        machine=MACHINE,
        program="train.py --lr 0.1",
        device="cpu",
        strategy="mirrored",
        rounds=3,
        steps=30,
        steps_of_a_call=1.0,
        bound_by=INPUT,
        share=0.8,
        evidence="a step of 50.0 ms takes 10.0 ms with its batches in memory",
        cure="map(..., num_parallel_calls=tf.data.AUTOTUNE)",
        file="/home/me/train.py",
        line=8,
        further=(RecordedCause(COMMUNICATION, 0.2, "it reduces 1 MiB", "a larger batch", "", 0),),
        scales=(
            scale_of(replicas=1),
            scale_of(speedup=RecordedInterval(1.25, 1.1, 1.5)),
        ),
        parts=(
            RecordedPart("input", RecordedInterval(0.8, 0.7, 0.9)),
            RecordedPart("tracing", RecordedInterval(0.0, 0.0, 0.0)),
            RecordedPart("communication", RecordedInterval(0.15, 0.1, 0.2)),
            RecordedPart("compute", RecordedInterval(0.05, 0.05, 0.05)),
        ),
        reduced_bytes=2**20,
        reductions=3,
        input=(
            RecordedTransformation("map", "/home/me/train.py", 8, False),
            RecordedTransformation("prefetch", "", 0, False),
        ),
        workers=(worker_of(),),
        memory=(
            RecordedMemory(0, "GPU:0", 2**30, 2**34, 2**20, 15_000),
            RecordedMemory(0, "GPU:1", 2**29, 2**34, None, None),
        ),
        lacking=(Lacking("local", "mirrored-2", "ValueError: no"),),
        written=("a.h5", "b.h5", "c.h5", "d.h5"),
    )
    return replace(plain, **more)
