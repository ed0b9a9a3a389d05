"""Runs the cluster of one case: the orders of its workers, and how it is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case
from testbed.catalogue.selection import Selection
from testbed.cluster.devices import Devices
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions, Watch
from testbed.launcher.entry import Entry, Orders
from testbed.launcher.run_folder import CaseFolder, RunFolder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.case import BedSetup, CaseOrders
from testbed.report.output.observer import Observer
from testbed.run.entry import OrdersAt, run_entry
from testbed.run.options import Options
from testbed.run.scenario import deadlines_of, script_of


@dataclass(frozen=True)
class CaseCluster:
    """Everything that the clusters of one case need."""

    server: WorkerServer
    devices: Devices
    options: Options
    folder: CaseFolder
    observer: Observer
    whole: RunFolder
    """The run folder, which holds the scripts: see `testbed.run.scenario.keep_scripts`."""

    async def run(
        self,
        case: Case,
        selection: Selection,
        entry: Entry[Orders],
        orders: Callable[[CaseOrders], Orders],
    ) -> ClusterEnd:
        """Run a case through an entry, whose orders are made from those of the case."""
        of_case = self.orders_of(case, selection)
        return await self.run_once(case, selection, entry, lambda place: orders(of_case(place)))

    def orders_of(self, case: Case, selection: Selection) -> OrdersAt[CaseOrders]:
        """The orders of the workers of a case; workers of a restart share the same folder."""
        script, shared = script_of(case, selection, self.whole), str(self.folder.shared)
        return lambda place: CaseOrders(BedSetup(place, case, shared), script)

    def _watch(self, case: Case) -> Watch:
        """Let the observer watch the workers of a case and their logs."""
        log = self.folder.log
        return lambda workers: self.observer.watch(
            case, workers, [log(number) for number in range(len(workers))]
        )

    async def run_once(
        self,
        case: Case,
        selection: Selection,
        entry: Entry[Orders],
        orders: OrdersAt[Orders],
        fault: Fault | None = None,
    ) -> ClusterEnd:
        """Run the cluster of a case, and inject the fault into one of its workers."""
        made = selection.scenario(case)
        options = ClusterOptions(
            deadlines_of(made, self.options.deadlines),
            self.options.fresh or made.fresh,
            self._watch(case),
            fault,
        )
        return await run_entry(
            self.server, entry, orders, case.deployment, self.folder, self.devices, options
        )
