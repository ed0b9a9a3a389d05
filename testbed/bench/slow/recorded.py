"""Builds the record of a benchmark of the user's program from its runs."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.bench.figures.figure import figure
from testbed.bench.slow.causes import Cause, Evidence, causes_of
from testbed.bench.slow.memory import memory_of
from testbed.bench.slow.parts import Measured, Parts, Scale, parts_of, scales_of
from testbed.bench.slow.record import (
    Lacking,
    ProgramBenchRecord,
    RecordedCause,
    RecordedEvent,
    RecordedInterval,
    RecordedPart,
    RecordedScale,
    RecordedStep,
    RecordedTransformation,
    RecordedWorker,
)
from testbed.bench.slow.samples import Sample, Samples
from testbed.launcher.machine.machine import describe_machine
from testbed.orders.timed import WHOLE, TimedReport
from testbed.report.records.header import versions_of

# The steps of a worker that the record keeps.
_SHOWN = 50


@dataclass(frozen=True)
class Frame:
    """What a record says besides its figures."""

    run: str
    """The id of the run."""
    began: str
    seconds: float
    command: tuple[str, ...]
    program: str
    device: str
    facts: dict[str, str]
    """The versions that the workers reported."""
    rounds: int
    room: int
    """How many cores or GPUs all replicas have together."""
    written: tuple[str, ...]
    """Files that changed while the program ran."""


def record_of(samples: Samples, frame: Frame) -> ProgramBenchRecord:
    """The record of these runs."""
    parts, scales = parts_of(samples), scales_of(samples)
    first, *further = causes_of(Evidence(samples, parts, scales, frame.room))
    main, seen = _cause(first), samples.first
    return ProgramBenchRecord(
        run=frame.run,
        began=frame.began,
        seconds=frame.seconds,
        command=frame.command,
        versions=versions_of(frame.facts),
        machine=describe_machine(),
        program=frame.program,
        device=frame.device,
        strategy=samples.deployment.strategy,
        rounds=frame.rounds,
        steps=len(seen.steps),
        steps_of_a_call=seen.steps_of_a_call,
        bound_by=main.bound_by,
        share=main.share,
        evidence=main.evidence,
        cure=main.cure,
        file=main.file,
        line=main.line,
        further=tuple(map(_cause, further)),
        scales=tuple(map(_scale, scales)),
        parts=_parts(parts),
        reduced_bytes=seen.reduced_bytes,
        reductions=len(seen.reductions),
        input=_input(seen),
        workers=_workers(samples.profiles.get(WHOLE) or samples.all(WHOLE)[0]),
        memory=memory_of(samples),
        lacking=tuple(
            Lacking(variant.name, str(variant.deployment), failed.reason)
            for variant, failed in samples.failed.items()
        ),
        written=frame.written,
    )


def _cause(cause: Cause) -> RecordedCause:
    place = cause.place
    return RecordedCause(
        cause.bound_by,
        min(1.0, cause.share),
        cause.evidence,
        cause.cure,
        place.file if place else "",
        place.line if place else 0,
    )


def _interval(share: Measured) -> RecordedInterval:
    return RecordedInterval(share.value, share.low, share.high)


def _scale(scale: Scale) -> RecordedScale:
    cluster = scale.deployment.cluster
    return RecordedScale(
        cluster.workers,
        cluster.replicas_per_worker,
        figure(scale.periods),
        scale.rows,
        _interval(scale.speedup) if scale.speedup else None,
    )


def _parts(parts: Parts) -> tuple[RecordedPart, ...]:
    rest = Measured(parts.compute, parts.compute, parts.compute)
    found = {
        "input": parts.input,
        "tracing": parts.tracing,
        "fetch": parts.fetch,
        "communication": parts.communication,
        "uneven": parts.uneven,
        "fixed": parts.fixed,
        "compute": rest,
    }
    return tuple(RecordedPart(name, _interval(share)) for name, share in found.items() if share)


def _input(report: TimedReport) -> tuple[RecordedTransformation, ...]:
    return tuple(
        RecordedTransformation(
            each.name,
            each.place.file if each.place else "",
            each.place.line if each.place else 0,
            each.is_parallel,
        )
        for each in report.pipeline
    )


def _workers(sample: Sample) -> tuple[RecordedWorker, ...]:
    return tuple(_worker(number, report) for number, report in enumerate(sample.reports))


def _worker(number: int, report: TimedReport) -> RecordedWorker:
    profile = report.profile
    return RecordedWorker(
        number,
        report.rows_of_replicas,
        profile.busy if profile else (),
        tuple(
            RecordedStep(
                each.begin, each.period, each.called, each.waited, each.fetched, each.traced
            )
            for each in report.steps[:_SHOWN]
        ),
        _events(report),
    )


def _events(report: TimedReport) -> tuple[RecordedEvent, ...]:
    return tuple(
        RecordedEvent(each.name, each.kind, each.replica, each.begin, each.seconds)
        for each in (report.profile.events if report.profile else ())
    )
