"""Takes a snapshot of all workers of a cluster: their places and their progress."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

from testbed.launcher.cluster.cluster_end import PhaseReport, WorkerEnd
from testbed.launcher.cluster.output import TOO_MUCH_OUTPUT, exceeds
from testbed.launcher.cluster.stacks import NOWHERE, is_whole, telling_part, where_blocked
from testbed.launcher.nccl.question import NcclQuestion
from testbed.launcher.run_folder import CaseFolder
from testbed.launcher.server.source import WorkerSource
from testbed.launcher.server.worker_process import WorkerProcess

STACKS_DEADLINE_S = 1.5


class ClusterLook:
    """Takes snapshots of a cluster's workers without ending any."""

    def __init__(
        self,
        workers: Sequence[WorkerProcess],
        folder: CaseFolder,
        began: float,
        output_limit: float,
        first: WorkerSource,
        nccl: str,
    ) -> None:
        self._workers = workers
        self._folder = folder
        self.began = began
        self._limit = output_limit
        self.nccl = NcclQuestion(first, folder, nccl)
        """Asks NCCL what the workers wait for."""
        # Each look empties the files that the workers then write.
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Make every worker that has not reported write its stacks, and read its steps."""
        async with self._turn:
            asked = [
                (worker, self._folder.stacks(index))
                for index, worker in enumerate(self._workers)
                if worker.status is None and not worker.reported and worker.reached("forked")
            ]
            deadline = time.monotonic() + STACKS_DEADLINE_S
            looks = [asyncio.ensure_future(worker.look()) for worker, _ in asked]
            for worker, file in asked:
                # The worker's host empties it, too, but later: a whole file from now on is new.
                with contextlib.suppress(OSError):
                    file.write_bytes(b"")
                worker.show_stacks(file)
            try:
                if looks:
                    await asyncio.wait(looks, timeout=STACKS_DEADLINE_S)
                while time.monotonic() < deadline:
                    if all(is_whole(file) for _, file in asked):
                        return
                    # A signal has no answer: the file itself is the answer.
                    await asyncio.sleep(0.01)
            finally:
                for each in looks:
                    each.cancel()
                await asyncio.gather(*looks, return_exceptions=True)

    def stacks_of(self, worker: int) -> str:
        """The relevant part of a worker's stacks, as of the last look."""
        return telling_part(self._folder.stacks(worker))

    def printed(self, worker: WorkerProcess) -> int:
        """The number of bytes that a worker has printed."""
        try:
            return self._folder.log(self._workers.index(worker)).stat().st_size
        except OSError:
            return 0

    def ends(self, *, stuck: bool) -> tuple[WorkerEnd, ...]:
        """The progress of each worker; with `stuck`, also its place as of the last look."""
        return tuple(
            self._end(worker, index, stuck=stuck)
            for index, worker in enumerate(self._workers)
            if not worker.held
        )

    def _end(self, worker: WorkerProcess, index: int, *, stuck: bool) -> WorkerEnd:
        log = self._folder.log(index)
        # The stacks of a worker that has reported since then are those of an earlier look.
        runs = worker.status is None and not worker.reported
        ended_for = worker.ended_for or (TOO_MUCH_OUTPUT if exceeds(log, self._limit) else "")
        return WorkerEnd(
            index,
            log,
            ledger=tuple(
                PhaseReport(each["phase"], each["at"] - self.began) for each in worker.phases
            ),
            reported=worker.reported and not ended_for,
            status=worker.status,
            after=self._last_sign(worker) - self.began,
            place=where_blocked(self._folder.stacks(index)) if stuck and runs else NOWHERE,
            words=worker.words,
            exit_code_counts=worker.exit_code_counts,
            ended_for=ended_for,
            steps=worker.steps,
            notes=tuple(worker.notes),
        )

    def _last_sign(self, worker: WorkerProcess) -> float:
        if worker.ended_at is not None:
            return worker.ended_at
        return float(worker.phases[-1]["at"]) if worker.phases else self.began
