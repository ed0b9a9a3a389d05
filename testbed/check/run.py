"""Runs the user's program, watches it and judges it: the whole check on one screen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from testbed.check.deployment import used
from testbed.check.endings import hang, left_cluster, waits_for_failed
from testbed.check.finding import Finding
from testbed.check.hashing.hash_seeds import sentence_about, with_hash_seeds
from testbed.check.judge import blind_spots, causes, incomplete, judge
from testbed.check.parity.comparison import Parity
from testbed.check.parity.runs import compare_first_steps
from testbed.check.reports import end_of_program, read_reports
from testbed.check.rules.unreplicated import Doubts
from testbed.check.unreplicated_runs import doubts_of, unlike_unreplicated
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.orders.own_code import RUN_CHECKED, Program, ProgramOrders
from testbed.run.user_code.own_code import OwnCodeCluster
from testbed.run.user_code.program import ProgramEnd


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    program: ProgramEnd
    findings: tuple[Finding, ...]
    watching: float
    """Seconds that watching took in worker 0."""
    prevented: bool = False
    """Whether the testbed ended the program before it could judge anything."""
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""
    where: str = ""
    """The deployments whose strategies the program used, like `mirrored-2`; empty if none."""
    unchecked: str = ""
    """Why nothing was checked, and what to do; empty where the program failed or was checked."""
    compared: str = ""
    """What was compared with one replica, or why nothing was; empty if nobody asked for it."""
    blind: tuple[str, ...] = ()
    """What the installed libraries do not show, one sentence each."""
    seeds: str = ""
    """Why worker 1 had another hash seed than the others; empty where it had not."""


async def check_program(
    cluster: OwnCodeCluster, program: Program, deadlines: Deadlines, *, parity: bool = True
) -> Checked:
    """Run a program in every worker of the cluster, watch it, and judge the observations.

    A program that raises or hangs without an explaining finding runs once more, with one replica:
    if it finishes there, replication causes the failure. The same holds for a program that finds no
    gradients. What fails with one replica, too, runs with the default strategy: if it finishes
    there, its strategy causes the failure.

    Args:
        cluster: the cluster that runs the program.
        program: the program.
        deadlines: of each run.
        parity: whether to compare the first steps with those of a run with one replica.
    """
    cluster = replace(cluster, seed=1 + secrets.randbelow(2**31)) if parity else cluster
    cluster, ordered_set = with_hash_seeds(cluster, program)
    end = await cluster.run(RUN_CHECKED, lambda setup: ProgramOrders(setup, program), deadlines)
    lost: list[str] = []
    reports = read_reports(cluster.folder, end, lost.append)
    seen = [report.seen for report in reports if report]
    left = left_cluster(end)
    strategies = used(cluster.deployment, [worker.notes for worker in end.workers], seen)
    # Workers that are not connected form no cluster, so their values are not compared.
    alike = seen[:1] if left or not strategies.connects else seen
    found = [*left, *hang(end, reports), *waits_for_failed(end, seen)]
    found = causes([*found, *(judge(alike) if alike else ())])
    doubts = doubts_of(end, reports, seen, found)
    if doubts != Doubts():
        # A program that takes as long without replication may only be slow.
        limits = replace(deadlines, run=deadlines.run / 4) if doubts.hang else deadlines
        found += await unlike_unreplicated(cluster, program, limits, strategies, doubts)
    watching = reports[0].watching if reports[0] else 0.0
    prevented = any(worker.ended_for for worker in end.workers)
    failures = (*incomplete(seen), *lost)
    ended = end_of_program(end, reports)
    unchecked = "" if ended.code or found else strategies.unchecked
    compared = Parity()
    if parity and not (ended.code or unchecked or any(each.is_mistake for each in found)):
        compared = await compare_first_steps(
            cluster, program, deadlines, strategies, ended, reports
        )
    return Checked(
        ended,
        tuple(causes([*found, *compared.findings])),
        watching,
        prevented,
        failures,
        strategies.where,
        unchecked,
        compared.sentence,
        blind_spots(seen),
        sentence_about(ordered_set if len(end.workers) > 1 else None),
    )
