"""What the launching process makes of how a worker ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from testbed.launcher.server.channel import EXIT_CODE_COUNTS
from testbed.launcher.server.worker_process import WorkerProcess


class Silent(WorkerProcess):
    """A worker that nobody can reach."""

    def say(self, line: str) -> None:
        """Nothing is said."""

    def request(self, what: dict[str, Any]) -> Any:
        """Nothing is asked."""
        raise AssertionError(what)


@pytest.mark.parametrize(
    ("is_program", "status", "failed"),
    [(True, 0, False), (True, 3 << 8, True), (True, 9, True), (False, 0, True)],
)
def test_peers_of_a_program_go_on(is_program: bool, status: int, failed: bool) -> None:
    """Who ends without a report has failed its peers, unless it is a program that ended well."""
    worker = Silent("key", asyncio.Event(), lambda _: None)
    worker.take_in({"phase": "started", "at": 0.5, EXIT_CODE_COUNTS: is_program})
    assert not worker.failed
    worker.ended(status, 1.0)
    assert worker.failed == failed
