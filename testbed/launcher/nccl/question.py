"""Asks NCCL about a cluster that hangs, by a short process beside its workers."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass

from testbed.errors import LaunchError
from testbed.launcher.entry import Envelope
from testbed.launcher.nccl.status import ASK_STATUS, StatusOrders, summary
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import StartRequest, WorkerSource
from testbed.launcher.server.worker_process import WorkerProcess

# A hang costs this beyond its deadline, while the workers write their stacks.
DEADLINE_S = 3.0
# The part of it for the start and the end of the process.
_START_S = 1.0


@dataclass(frozen=True)
class NcclQuestion:
    """A question to the RAS of the workers of one cluster; may be asked several times."""

    source: WorkerSource
    """The source of the workers on this host: RAS listens in their network."""
    folder: CaseFolder
    address: str
    """`host:port` of RAS; empty for workers that do not use NCCL, which are not asked."""

    async def answer(self) -> str:
        """The errors and warnings of NCCL in one part of a sentence; empty without an answer.

        The whole answer is kept in the folder.
        """
        if not self.address:
            return ""
        with contextlib.suppress(OSError):
            self.folder.nccl_status.unlink(missing_ok=True)
        with contextlib.suppress(LaunchError, asyncio.TimeoutError):
            await asyncio.wait_for(self._asked(), DEADLINE_S)
        try:
            said = summary(self.folder.nccl_status.read_text(encoding="utf-8"))
        except OSError:
            return ""
        return f"; NCCL reports {said} (all of it: {self.folder.nccl_status})" if said else ""

    async def _asked(self) -> None:
        worker = self.source.start_worker(self._request(), asyncio.Event())
        try:
            await _reported(worker)
        finally:
            worker.kill()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(worker.wait_until_ended(), _START_S)

    def _request(self) -> StartRequest:
        report = str(self.folder.nccl_status)
        orders = StatusOrders(self.address, report, DEADLINE_S - _START_S)
        return StartRequest(Envelope(ASK_STATUS.assignment(orders), os.devnull), log=os.devnull)


async def _reported(worker: WorkerProcess) -> None:
    while not worker.reported and worker.status is None:
        await worker.until_changed()
