"""The runs of a program whose steps are timed: variants in rounds, each in another order."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from testbed.bench.figures.scaling import doubling
from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import MIRRORED, Deployment
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.orders.own_code import OwnCodeSetup, Program
from testbed.orders.timed import (
    LARGER,
    LOCAL,
    MEMORY,
    RUN_TIMED,
    WHOLE,
    TimedOrders,
    TimedReport,
    TimedStep,
)
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.verdict.raised_error import RaisedError

WARM = 4
"""How many first steps are not timed."""
_BLOCKS = 5
# The profiled runs, and their steps.
_PROFILES, _PROFILED = (WHOLE, MEMORY), 8


@dataclass(frozen=True)
class ProgramEffort:
    """How much time the runs of a program may take."""

    rounds: int
    """How often every variant runs."""
    budget: float
    """Seconds of timed steps in each run."""
    fewest: int
    """Timed steps of each run, however long they take."""
    most: int

    def steps(self, call: float) -> int:
        """How many calls of that many seconds are timed."""
        return min(self.most, max(self.fewest, int(self.budget / call)))


QUICK = ProgramEffort(3, 0.8, 10, 100)
THOROUGH = ProgramEffort(6, 1.5, 12, 200)


@dataclass(frozen=True)
class Variant:
    """One way to run the program: on how much, and what is taken away from it."""

    deployment: Deployment
    name: str = WHOLE


@dataclass(frozen=True)
class Sample:
    """One run: what its workers reported."""

    reports: tuple[TimedReport, ...]

    @property
    def step(self) -> TimedStep:
        """A typical step of the slowest worker."""
        return max(map(typical, self.reports), key=lambda step: step.period)

    @property
    def call(self) -> float:
        """Seconds of a typical call, which may have several steps."""
        return self.step.period * self.reports[0].steps_of_a_call


@dataclass(frozen=True)
class Failed:
    """Why a variant has no samples."""

    reason: str
    error: RaisedError | None = None
    """The exception that ended the program, if one did."""


@dataclass(frozen=True)
class Samples:
    """All runs of a program."""

    of: Mapping[Variant, Sequence[Sample]]
    """The samples of each variant, a round after the other."""
    failed: Mapping[Variant, Failed]
    """Why a variant has none."""
    deployment: Deployment
    """All replicas and workers."""
    profiles: Mapping[str, Sample]
    """A run of `WHOLE` and of `MEMORY` with TensorFlow's profiler, which the figures do not
    count; a variant that could not run is not there."""

    @property
    def scales(self) -> list[Deployment]:
        """The deployments on which the whole program ran, the smallest first."""
        found = [each.deployment for each in self.of if each.name == WHOLE]
        return sorted(found, key=lambda each: each.cluster.replicas)

    @property
    def first(self) -> TimedReport:
        """The report of worker 0 in the first whole run on all replicas."""
        return self.all(WHOLE)[0].reports[0]

    @property
    def one(self) -> TimedReport | None:
        """The report of the first run on one replica; None if there is none."""
        least = self.scales[0]
        return self.of[Variant(least)][0].reports[0] if least.cluster.replicas == 1 else None

    def rows(self, on: Deployment) -> int:
        """The rows of a step of the whole program; 0 if unknown."""
        return self.of[Variant(on)][0].reports[0].rows

    def all(self, name: str) -> Sequence[Sample]:
        """The samples of a variant on all replicas; empty if there are none."""
        return self.of.get(Variant(self.deployment, name), ())

    def values(
        self, name: str, value: Callable[[TimedStep], float], on: Deployment | None = None
    ) -> list[float]:
        """A quantity of the typical step of a variant in each round; empty if there is none."""
        samples = self.of.get(Variant(on or self.deployment, name), ())
        return [value(sample.step) for sample in samples]


def typical(report: TimedReport) -> TimedStep:
    """A typical step of a run.

    Calls often alternate: one waits for a batch, and the next one finds it. So it is the median of
    the means of `_BLOCKS` successive blocks; of rare parts, like traces, the mean.
    """
    steps = report.steps
    size = max(1, len(steps) // _BLOCKS)
    blocks = [steps[begin : begin + size] for begin in range(0, len(steps) - size + 1, size)]

    def middle(value: Callable[[TimedStep], float]) -> float:
        of_a_call = statistics.median(statistics.fmean(map(value, block)) for block in blocks)
        return of_a_call / report.steps_of_a_call

    traced = statistics.fmean(step.traced for step in steps) / report.steps_of_a_call
    return TimedStep(
        steps[0].begin,
        middle(lambda step: step.period - step.traced) + traced,
        middle(lambda step: step.called - step.traced) + traced,
        middle(lambda step: step.waited),
        middle(lambda step: step.fetched),
        traced,
        middle(lambda step: step.worked),
    )


@dataclass
class Runs:
    """Runs variants of a program on a cluster.

    Args:
        cluster: the cluster that runs the program.
        program: the program.
        deadlines: of each run.
        effort: how much time the runs may take.
        ran: called after each run with its number and the number of all, if known.
    """

    cluster: OwnCodeCluster
    program: Program
    deadlines: Deadlines
    effort: ProgramEffort
    ran: Callable[[int, int], None] = lambda number, planned: None
    _number: int = 0
    _planned: int = 0

    async def pilot(self) -> tuple[Sample | Failed, ClusterEnd]:
        """Run the program as it is, to learn its strategy and how long a step takes."""
        return await self._run(Variant(self.cluster.deployment), self.effort.fewest, False)

    async def in_rounds(self, deployment: Deployment, call: float) -> Samples | Failed:
        """Run every variant in every round.

        Args:
            deployment: all replicas and workers.
            call: seconds of a call of the step.
        """
        steps = self.effort.steps(call)
        variants = [Variant(each) for each in smaller(deployment)]
        variants += [Variant(deployment, name) for name in (MEMORY, LOCAL, LARGER)]
        self._planned = self._number + len(variants) * self.effort.rounds + len(_PROFILES)
        found: dict[Variant, list[Sample]] = {}
        failed: dict[Variant, Failed] = {}
        for number in range(1, self.effort.rounds + 1):
            order = [each for each in variants if each not in failed]
            random.Random(number).shuffle(order)
            for variant in order:
                sample, _ = await self._run(variant, steps)
                if isinstance(sample, Failed):
                    failed[variant] = sample
                    found.pop(variant, None)
                else:
                    found.setdefault(variant, []).append(sample)
        whole = Variant(deployment)
        if whole in failed:
            return failed[whole]
        profiles = {}
        for name in _PROFILES:
            profiled, _ = await self._run(Variant(deployment, name), _PROFILED, profiled=True)
            if not isinstance(profiled, Failed):
                profiles[name] = profiled
        return Samples(found, failed, deployment, profiles)

    async def _run(
        self, variant: Variant, steps: int, all_devices: bool = True, *, profiled: bool = False
    ) -> tuple[Sample | Failed, ClusterEnd]:
        self._number += 1
        folder = self.cluster.folder.restart(self._number)
        cluster = replace(self.cluster, deployment=variant.deployment, folder=folder)

        def orders(setup: OwnCodeSetup) -> TimedOrders:
            profile = str(folder.temporary(setup.place.worker)) if profiled else ""
            return TimedOrders(setup, self.program, variant.name, all_devices, WARM, steps, profile)

        end = await cluster.run(RUN_TIMED, orders, self.deadlines)
        self.ran(self._number, self._planned)
        return _sample(cluster, end), end


def smaller(deployment: Deployment) -> list[Deployment]:
    """The deployment on 1, 2, 4, ... replicas or workers, and on all of them.

    Workers are divided first: the smallest has one worker with one replica.
    """
    cluster = deployment.cluster
    each = cluster.replicas_per_worker
    if deployment.strategy == MIRRORED or cluster.workers == 1:
        sizes = [Cluster(1, replicas) for replicas in doubling(each)]
    else:
        sizes = [Cluster(workers, each) for workers in doubling(cluster.workers)]
        sizes = [Cluster(1, 1), *sizes] if each > 1 else sizes
    return [Deployment(deployment.strategy, size) for size in sizes]


def _sample(cluster: OwnCodeCluster, end: ClusterEnd) -> Sample | Failed:
    reports = []
    for worker in end.workers:
        if not worker.reported:
            return Failed(worker.complaint or end.hang or end.cause or "no report")
        try:
            report = read_typed_report(cluster.folder, worker.worker, TimedReport)
        except UnreadableReportError as problem:
            return Failed(str(problem))
        if report.code:
            return Failed(report.said or f"exit code {report.code}", report.error)
        if not report.steps:
            return Failed(_why_few(report.steps_of_a_call))
        if not report.is_taken_away:
            return Failed("the program reads no tf.data.Dataset whose batches can be kept")
        reports.append(report)
    return Sample(tuple(reports))


def _why_few(steps_of_a_call: float) -> str:
    what, cure = "steps", ""
    if steps_of_a_call != 1:
        what = f"calls, with {steps_of_a_call:.3g} steps in each,"
        cure = ": take fewer steps in a call, and call more often"
    strategies = "MirroredStrategy or MultiWorkerMirroredStrategy"
    return f"it took no more than {WARM} {what} under {strategies}{cure}"
