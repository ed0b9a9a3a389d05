"""Observers of a run, which show its progress."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol

from testbed.catalogue.scenario import Case
from testbed.launcher.cluster.cluster_run import Watch
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.verdict.verdict import Verdict


class Observer(Protocol):
    """Gets the progress of a run, to show it."""

    def opened(self, isolation: Isolation) -> None:
        """Handle that the server of the run is ready, with this isolation."""

    def started(self, case: Case) -> None:
        """Handle that the workers of a case are being started."""

    def judged(self, verdict: Verdict) -> None:
        """Handle the verdict on a case."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """Watch a case while it runs; cancelled when the case ends."""


class Quiet:
    """An observer that shows nothing; a base class for observers that show some events."""

    def opened(self, isolation: Isolation) -> None:
        """Show nothing."""

    def started(self, case: Case) -> None:
        """Show nothing."""

    def judged(self, verdict: Verdict) -> None:
        """Show nothing."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """Show nothing."""


def watch_of(observer: Observer, case: Case, folder: CaseFolder) -> Watch:
    """Let an observer watch the cluster of a case."""

    def watch(running: Sequence[WorkerProcess]) -> Awaitable[None]:
        logs = [folder.log(number) for number in range(len(running))]
        return observer.watch(case, running, logs)

    return watch
