"""A cluster that runs a user's code: the steps that programs and functions share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from testbed.cluster.cluster import Task
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import Deployment
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.cluster.standstill import Patience
from testbed.launcher.entry import Entry, Orders
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.own_code import OwnCodeSetup
from testbed.report.output.live import LiveOutput
from testbed.run.entry import run_entry
from testbed.run.user_code.cluster_choice import ALL_RUN, Choice, ProgramObserver


@dataclass(frozen=True)
class OwnCodeCluster:
    """A cluster, ready to run a user's code."""

    server: WorkerServer
    deployment: Deployment
    devices: Devices
    folder: CaseFolder
    fresh: bool
    output: LiveOutput | None
    """Shows the output of the workers."""
    named: tuple[Task, ...] = ()
    """The names that an engine gives to the workers, in their order."""
    patience: Patience = field(default_factory=Patience)
    """Timeouts for workers that make no progress."""
    choice: Choice = ALL_RUN
    """Whether all workers run the code in any case, or first find out its needs."""
    seed: int = 0
    """Seeds what the program does not seed, differently in each worker; 0: as it comes."""
    other_hash_seed: bool = False
    """Whether worker 1 has another hash seed than the others; see `ClusterOptions`."""

    async def run(
        self, entry: Entry[Orders], orders: Callable[[OwnCodeSetup], Orders], deadlines: Deadlines
    ) -> ClusterEnd:
        """Run an entry in every worker, until all have ended or one has failed."""
        choice, seed = self.choice, self.seed
        end = await run_entry(
            self.server,
            entry,
            lambda place: orders(
                OwnCodeSetup(
                    place,
                    self.deployment,
                    choice.devices,
                    choice.checked,
                    seed and seed + place.worker,
                )
            ),
            self.deployment,
            self.folder,
            self.devices,
            ClusterOptions(
                replace(deadlines, patience=self.patience),
                self.fresh,
                ProgramObserver(choice, self.output.watch if self.output else None),
                # A user's code may print as much as it likes.
                output_limit=math.inf,
                other_hash_seed=self.other_hash_seed,
                held=choice.devices > 0,
            ),
            self.named if len(self.named) == self.deployment.cluster.workers else (),
        )
        if self.output and end.missed_deadline:
            self.output.hurry()
        return end
