"""Finds what the end of a cluster shows: hangs, and workers that left it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.observations.seen import SourceLine, WorkerObservations
from testbed.check.reports import Reports
from testbed.check.rules.together import met_another
from testbed.launcher.cluster.cluster_end import ClusterEnd, LeftBehind, WorkerEnd
from testbed.verdict.program_notes import joinings


def left_cluster(end: ClusterEnd) -> list[Finding]:
    """Report workers that are clusters of one because the program changed their TF_CONFIG."""
    joined = joinings(worker.notes for worker in end.workers)
    alone = {number: each for number, each in joined.items() if each.is_alone}
    if not alone or any(worker.ended_for for worker in end.workers):
        return []
    line = alone[min(alone)].line
    numbers = ", ".join(map(str, sorted(alone)))
    evidence = (
        f"{len(end.workers)} workers are started as one cluster; worker{'s' * (len(alone) > 1)}"
        f" {numbers} made MultiWorkerMirroredStrategy without the others"
    )
    return [Finding("TB405", SourceLine(line.file, line.line) if line.line else None, evidence)]


def hang(end: ClusterEnd, reports: Reports) -> list[Finding]:
    """Report where workers wait that never finish, or that finish only because a peer was gone."""
    if left := left_behind(end, reports):
        place = SourceLine(left.place.file, left.place.line) if left.place.file else None
        return [Finding("TB401", place, left.sentence)]
    waiting = [each for each in end.workers if each.place.in_tensorflow and not end.moves(each)]
    if not waiting or not hangs(end, reports):
        return []
    return [Finding("TB401", place_of(waiting[0]), end.hang)]


def waits_for_failed(end: ClusterEnd, seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Report a collective in which a worker waits after another worker has failed."""
    waiting = [each for each in end.workers if not each.reported and each.place.in_tensorflow]
    if waiting and (place := place_of(waiting[0])):
        lines = [SourceLine(*each) for each in waiting[0].place.lines]
        yield from met_another(seen, waiting[0].worker, place, lines)


def left_behind(end: ClusterEnd, reports: Reports) -> LeftBehind | None:
    """Workers that waited for ended peers in vain, and failed when those peers were gone."""
    failed = any(report and report.raised for report in reports)
    return end.left_behind if failed or end.missed_deadline else None


def hangs(end: ClusterEnd, reports: Reports) -> bool:
    """Whether the program missed its deadline although no worker failed."""
    failed = any(worker.complaint for worker in end.workers)
    return (
        bool(end.missed_deadline)
        and not failed
        and not any(report and report.code for report in reports)
    )


def place_of(worker: WorkerEnd) -> SourceLine | None:
    """The user's line at which a worker was when it was ended; None where it is unknown."""
    return SourceLine(worker.place.file, worker.place.line) if worker.place.file else None
