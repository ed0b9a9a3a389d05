"""The request of `testbed run`: the cases to run and how, from the options of the command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from testbed.catalogue.selection import Selection, select
from testbed.cli.options.run import RunOptions
from testbed.cluster.strategies import STRATEGIES, Deployment, deployments
from testbed.hosts.role import Role
from testbed.launcher.interpreter.interpreter import interpreter_path
from testbed.launcher.run_folder import RunFolder, keep_json, utc_now
from testbed.report.output.observer import Observer
from testbed.report.records.collected import planned
from testbed.report.records.record import RunRecord, record_of
from testbed.run.numbers import deadlines_of, require_positive
from testbed.run.options import Options
from testbed.run.room import most_at_once, require_room_for
from testbed.run.runner import run
from testbed.verdict.verdict import Verdict


@dataclass(frozen=True)
class RunRequest:
    """The cases to run, and how."""

    selection: Selection
    options: Options
    jobs: int | None = None
    """The requested number of cases side by side; None where the machine decides."""

    def require_cases(self) -> None:
        """Reject a request that selects no case.

        Raises:
            UsageError: says why none is left.
        """
        self.selection.require_cases("the selected scenarios have none of these modes")

    def fitted(self) -> RunRequest:
        """The request with as many cases side by side as requested, or as the machine can run.

        Raises:
            UsageError: this machine cannot run a single case, or not as many as requested.
        """
        how, selection = self.options, self.selection
        fresh = how.fresh or any(selection.scenario(case).fresh for case in selection.cases)
        clusters = [case.deployment for case in selection.cases]
        require_room_for(clusters, fresh=how.fresh, rank=how.rank)
        jobs = min(how.jobs, len(clusters))
        most = most_at_once(clusters, fresh=fresh, rank=how.rank)
        if self.jobs and jobs > most:
            largest = max(clusters, key=lambda each: each.processes)
            require_room_for(
                [largest],
                asked=f"-j {self.jobs} with {largest}",
                at_once=jobs,
                fresh=how.fresh,
                rank=how.rank,
            )
        return replace(self, options=replace(how, jobs=jobs if self.jobs else min(jobs, most)))

    async def run(self, folder: RunFolder, observer: Observer, command: Sequence[str]) -> RunRecord:
        """Run the cases, and return the record; the plan is written first."""

        def record(verdicts: Sequence[Verdict], began: str, seconds: float) -> RunRecord:
            return record_of(
                verdicts,
                self.selection,
                run=folder.id,
                began=began,
                seconds=seconds,
                device=self.options.device,
                command=command,
            )

        # With the plan, `testbed report` can show a run that was interrupted.
        keep_json(folder.plan, record(planned(self.selection), utc_now(), 0.0).to_json())
        done = await run(self.selection, self.options, folder, observer)
        return record(done.verdicts, done.began, done.seconds)


def request_of(options: RunOptions, role: Role) -> RunRequest:
    """The request that the options describe.

    Raises:
        UsageError: the command cannot be carried out as written.
    """
    require_positive("-j", options.jobs)
    return RunRequest(
        select(options.patterns, _deployments(options, role), options.mode),
        Options(
            device=options.device,
            python=interpreter_path(options.python),
            # The mixed output of several cases is unreadable, so -v runs one case at a time.
            jobs=options.jobs or (1 if options.verbose else os.cpu_count() or 1),
            fresh=options.fresh,
            deadlines=deadlines_of(options.deadlines),
            isolation=options.isolation,
            rank=role.rank,
        ),
        options.jobs,
    )


def _deployments(options: RunOptions, role: Role) -> list[Deployment]:
    if not role.rank:
        return deployments(options.strategy, options.workers, options.replicas)
    # On an engine all workers run already; a strategy that takes no workers keeps its cluster.
    several = role.workers(options.workers) or 1
    return [
        replace(each, cluster=replace(each.cluster, workers=several))
        if STRATEGIES[each.strategy].takes_workers
        else each
        for each in deployments(options.strategy, None, options.replicas)
    ]
