"""Runs of a program, made from the times that its variants take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from testbed.bench.slow.causes import Cause, Evidence, causes_of
from testbed.bench.slow.parts import parts_of, scales_of
from testbed.bench.slow.samples import Sample, Samples, Variant
from testbed.check.observations.source_line import SourceLine
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MIRRORED, MULTI_WORKER_MIRRORED, Deployment
from testbed.orders.timed import (
    LARGER,
    LOCAL,
    MEMORY,
    PipelinePart,
    Profile,
    Reduction,
    TimedReport,
    TimedStep,
)

STEP = SourceLine("train.py", 20, "train")
MS = 1e-3


def step_of(period: float, **parts: float) -> TimedStep:
    """A step of that many seconds, all of them in its call, where nothing else is said."""
    named = {"called": period, "waited": 0.0, "fetched": 0.0, "traced": 0.0, "worked": period}
    return TimedStep(begin=0.0, period=period, **{**named, **parts})


def report_of(*steps: TimedStep, rows: int = 64, replicas: int = 2) -> TimedReport:
    """The report of a worker with these steps."""
    return TimedReport(
        code=0,
        raised="",
        error=None,
        memory=None,
        steps=steps,
        steps_of_a_call=1.0,
        place=STEP,
        replicas=replicas,
        rows=rows,
        rows_of_replicas=(),
        is_eager=False,
        fetches=(),
        traced=None,
        pipeline=(),
        reductions=(Reduction(1000, "w"),),
        is_taken_away=True,
        machine=0.0,
        profile=None,
    )


@dataclass(frozen=True)
class Times:
    """The time of a step in each variant, in seconds; each round may multiply all by a factor.

    Without other times, a program has a fixed part of 1 ms, computes for 8 ms with the rows of one
    replica, and scales nearly as it should.
    """

    one: float = 9 * MS
    whole: float = 5 * MS
    memory: float | None = 5 * MS
    local: float | None = 4.9 * MS
    larger: float | None = 13 * MS
    rows_of_one: int = 64
    rows: int = 64
    noise: tuple[float, ...] = (1.0, 1.02, 0.99)
    parts: dict[str, float] = field(default_factory=dict)
    """Of a step in `whole`."""
    like: TimedReport = field(default_factory=lambda: report_of(step_of(1.0)))
    """What the reports say besides times and rows."""
    disturbed: int = 0
    """In how many rounds a step of the whole program takes twice as long."""
    machine: float = 0.0
    worked_of_one: float = 1.0
    """How many cores one replica keeps busy."""
    workers: tuple[float, ...] = ()
    """How many times as long as `local` the step of each worker takes, without communication."""
    busy: tuple[float, ...] = ()
    """Seconds that each replica of one worker is busy, as its profile says."""

    def samples(self) -> Samples:
        """Runs with these times."""
        several = bool(self.workers)
        kind = MULTI_WORKER_MIRRORED if several else MIRRORED
        whole = Deployment(kind, Cluster(2, 1) if several else Cluster(1, 2))
        least = Deployment(kind, Cluster(1, 1))
        worked = self.one * self.worked_of_one
        alone = replace(self.like, replicas=1, rows=self.rows_of_one, machine=self.machine)
        found = {Variant(least): [_run(alone, step_of(self.one, worked=worked))]}
        found[Variant(whole)] = [_run(self._like(), step_of(self.whole, **self.parts))]
        for name, time in ((MEMORY, self.memory), (LOCAL, self.local), (LARGER, self.larger)):
            if time is not None:
                runs = self.workers if name == LOCAL and several else (1.0,)
                reports = tuple(_run(self._like(), step_of(time * each)) for each in runs)
                found[Variant(whole, name)] = list(reports)
        rounds = {
            variant: [
                Sample(tuple(_slower(report, factor) for report in reports))
                for factor in self.noise
            ]
            for variant, reports in found.items()
        }
        for number in range(self.disturbed):
            (report,) = rounds[Variant(whole)][number].reports
            rounds[Variant(whole)][number] = Sample((_slower(report, 2.0),))
        profiles = {}
        if self.busy:
            seen = replace(self._like(), profile=Profile(self.busy, ()))
            profiles[MEMORY] = Sample((_run(seen, step_of(self.whole)),))
        return Samples(rounds, {}, whole, profiles)

    def causes(self, room: int = 2) -> list[Cause]:
        """What bounds a program with these times."""
        samples = self.samples()
        return causes_of(Evidence(samples, parts_of(samples), scales_of(samples), room))

    def _like(self) -> TimedReport:
        return replace(self.like, replicas=2, rows=self.rows)


def _run(like: TimedReport, step: TimedStep) -> TimedReport:
    return replace(like, steps=(step,) * 10)


def _slower(report: TimedReport, factor: float) -> TimedReport:
    steps = tuple(
        TimedStep(
            each.begin,
            each.period * factor,
            each.called * factor,
            each.waited * factor,
            each.fetched * factor,
            each.traced * factor,
            each.worked * factor,
        )
        for each in report.steps
    )
    return replace(report, steps=steps)


def transformation(name: str, line: int, *, is_parallel: bool = False) -> PipelinePart:
    """A transformation of the input at a line of the program."""
    return PipelinePart(name, SourceLine("train.py", line, "train"), is_parallel)
