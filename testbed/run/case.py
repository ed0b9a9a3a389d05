"""Runs one case with its restarts, and judges it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.catalogue.versions import NEWEST, Frameworks
from testbed.orders.case import RUN_CASE
from testbed.run.attempt import Attempt, read_attempt, verdict_of
from testbed.run.case_cluster import CaseCluster
from testbed.verdict.verdict import Verdict


@dataclass(frozen=True)
class CaseRun(CaseCluster):
    """Everything that the run of one case needs."""

    frameworks: Frameworks = NEWEST
    """The versions that run it, which decide what is expected."""

    async def judge(self, case: Case, selection: Selection) -> Verdict:
        """Run a case on its cluster, and judge the reports of its workers."""
        made = selection.scenario(case)
        attempts = await self.attempts(case, selection, made.fault, made.restarts)
        own_network = self.server.isolation.network
        return verdict_of(
            case, made.expects(case, self.frameworks), attempts, own_network=own_network
        )

    async def attempts(
        self, case: Case, selection: Selection, fault: Fault | None, restarts: int
    ) -> list[Attempt]:
        """Run a case, and restart it without the fault until it finishes or may not restart.

        A restart starts all workers, on new ports: in TensorFlow no worker can rejoin alone.
        """
        orders = self.orders_of(case, selection)
        end = await self.run_once(case, selection, RUN_CASE, orders, fault)
        attempts = [read_attempt(self.folder, end, fault)]
        while not attempts[-1].finished and len(attempts) <= restarts:
            again = replace(self, folder=self.folder.restart(len(attempts)))
            end = await again.run_once(case, selection, RUN_CASE, orders)
            attempts.append(read_attempt(again.folder, end))
        return attempts
