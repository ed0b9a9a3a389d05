"""Runs a failed program again without replication, to find out what causes its failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from testbed.check.deployment import OF_DEFAULT, Used
from testbed.check.endings import hangs, left_behind, place_of
from testbed.check.finding import ERROR, Finding
from testbed.check.observations.seen import WorkerObservations
from testbed.check.reports import Reports, read_reports
from testbed.check.rules.refusals import is_consequence
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.orders.own_code import RUN_UNREPLICATED, Program, UnreplicatedOrders
from testbed.run.user_code.cluster_choice import ALL_RUN
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.program import program_end

EXPLAINING = ("TB110", "TB303", "TB304", "TB402", "TB405", "TB501", "TB801", "TB802")
"""The codes of findings that explain why a program raised."""


def doubts_of(
    end: ClusterEnd,
    reports: Reports,
    seen: Sequence[WorkerObservations],
    found: Sequence[Finding],
) -> Doubts:
    """The failures that a run without replication may explain; none if the findings do."""
    first = end.workers[0]
    if not found and hangs(end, reports) and not end.moves(first):
        where = first.place.at or "an unknown line"
        return Doubts(hang=f"worker {first.worker} stays at {where}", place=place_of(first))
    if left_behind(end, reports):
        return Doubts()
    # Another worker's failure may have led to an error, which then says less.
    raised = min((each.raised for each in seen if each.raised), key=is_consequence, default=None)
    explained = any(each.code in EXPLAINING and each.about.level == ERROR for each in found)
    no_gradients = seen[0].no_gradients if seen else ()
    if raised is None or explained:
        return Doubts(None, no_gradients)
    files = next(each.files for each in seen if each.raised is raised)
    return Doubts(raised, no_gradients, files=files)


async def unlike_unreplicated(
    cluster: OwnCodeCluster,
    program: Program,
    deadlines: Deadlines,
    strategies: Used,
    doubts: Doubts,
) -> list[Finding]:
    """Report failures that do not occur with one replica, or else with the default strategy."""
    # What the program states itself does not come from a strategy.
    stated = doubts.raised is not None and doubts.raised.stated
    places = [(strategies.of_one, False), (OF_DEFAULT, True)]
    for attempt, (deployment, default) in enumerate(places[: 1 if stated else 2], 1):
        alone = replace(
            cluster,
            deployment=deployment,
            folder=cluster.folder.restart(attempt),
            output=None,
            choice=ALL_RUN,
        )
        seen = await _unreplicated(alone, program, deadlines, default=default)
        if seen and (found := list(unlike(doubts, seen))):
            return found
    return []


async def _unreplicated(
    alone: OwnCodeCluster, program: Program, deadlines: Deadlines, *, default: bool
) -> WorkerObservations | None:
    """Observe the program with a single replica; None where it fails. For `default` see orders."""
    end = await alone.run(
        RUN_UNREPLICATED, lambda setup: UnreplicatedOrders(setup, program, default), deadlines
    )
    reports = read_reports(alone.folder, end)
    if program_end(end, reports).code or reports[0] is None:
        return None
    return reports[0].seen
