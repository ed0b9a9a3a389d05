"""Observes a run while it goes on; the base class shows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from testbed.catalogue.scenario import Case
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.verdict.verdict import Verdict


class Observer:
    """Gets the progress of a run and ignores it; a subclass handles the events that it shows."""

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
