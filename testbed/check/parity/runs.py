"""Runs a program again until its first steps are over, with one replica, and compares them."""

from __future__ import annotations

from dataclasses import replace

from testbed.check.deployment import Used
from testbed.check.parity.comparison import Parity, compare
from testbed.check.parity.pairing import Side
from testbed.check.reports import Reports, read_reports
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.orders.own_code import RUN_UNREPLICATED, Program, UnreplicatedOrders
from testbed.run.user_code.cluster_choice import ALL_RUN
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.program import ProgramEnd

_SECOND_RUN = 20.0
"""Seconds that the run with one replica may take beyond those of the first run."""

_OF_ONE, _OF_COPIES = 3, 4
"""Numbers of restarts; those of a failed program have smaller ones."""


async def compare_first_steps(
    cluster: OwnCodeCluster,
    program: Program,
    deadlines: Deadlines,
    strategies: Used,
    ended: ProgramEnd,
    reports: Reports,
) -> Parity:
    """Compare the first steps with those of a second run, with one replica."""
    many = _side(reports)
    if many is None or many.replicas < 2:
        return Parity()
    # The first steps of one replica take about as long as those of several.
    limits = replace(deadlines, run=min(deadlines.run, _SECOND_RUN + ended.seconds))
    # With one hash seed, an order of texts is no difference between the runs.
    cluster = replace(cluster, output=None, choice=ALL_RUN, other_hash_seed=False)
    alone = replace(cluster, deployment=strategies.of_one, folder=cluster.folder.restart(_OF_ONE))
    one = await _first_steps(alone, program, limits)
    if one is None:
        return Parity(sentence="not compared with one replica: there it does not get so far")
    found = compare(many, one)
    if not found.unlike_data or len(strategies.deployments) > 1:
        return found
    several = replace(
        cluster, deployment=strategies.deployments[0], folder=cluster.folder.restart(_OF_COPIES)
    )
    copied = await _first_steps(several, program, limits, copies=True)
    again = compare(copied, one) if copied else Parity(unlike_data=True)
    return found if again.unlike_data else again


async def _first_steps(
    cluster: OwnCodeCluster, program: Program, deadlines: Deadlines, *, copies: bool = False
) -> Side | None:
    """Run a program until its first steps are over; None where it does not get so far."""
    end = await cluster.run(
        RUN_UNREPLICATED,
        lambda setup: UnreplicatedOrders(setup, program, first_steps=True, copies=copies),
        deadlines,
    )
    side = _side(read_reports(cluster.folder, end))
    return replace(side, copies=copies) if side else None


def _side(reports: Reports) -> Side | None:
    """All that a run shows of its first steps; None if a worker did not report it."""
    known = [report for report in reports if report and report.first]
    if len(known) < len(reports):
        return None
    return Side([each.seen for each in known], [each.first for each in known if each.first])
