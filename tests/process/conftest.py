"""A launcher for tests: real servers and real workers, without TensorFlow."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.fault import Fault
from testbed.cluster.isolation_levels import AUTO
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions, Watch, WorkerOrders, run_cluster
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.launcher.machine.leftovers import processes_of
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.launcher.server.server_handle import PreloadedServer
from tests.process.orders import PlayOrders, entry_of

GONE_DEADLINE_S = 5.0
PATIENT = Deadlines(start=60.0, run=60.0)


@dataclass(frozen=True)
class Launcher:
    """Runs clusters of programs in one run folder."""

    folder: RunFolder

    def run(
        self,
        program: str,
        workers: int = 2,
        *,
        deadlines: Deadlines = PATIENT,
        preload: Sequence[str] = ("tests.process.programs",),
        isolation: str = AUTO,
        **more: Any,
    ) -> ClusterEnd:
        """One cluster on a server of its own; `more` as for `cluster`."""

        async def go() -> ClusterEnd:
            async with self.server(preload, isolation) as server:
                return await self.cluster(server, program, workers, deadlines, **more)

        return asyncio.run(go())

    @asynccontextmanager
    async def server(self, preload: Sequence[str], isolation: str = AUTO) -> Any:
        """A server that carries the mark of this run."""
        async with preloaded_server(preload, self.folder, isolation=isolation) as server:
            yield server

    async def cluster(
        self,
        server: PreloadedServer,
        program: str,
        workers: int,
        deadlines: Deadlines = PATIENT,
        *,
        name: str | None = None,
        fresh: bool = False,
        environment: dict[str, str | None] | None = None,
        fault: Fault | None = None,
        nccl: str = "",
        watch: Watch | None = None,
        other_hash_seed: bool = False,
        held: bool = False,
        module: str = "tests.process.programs",
        **orders: Any,
    ) -> ClusterEnd:
        """One cluster of workers that run a program of a module."""
        case = self.folder.case(name or program)
        every_worker = [
            WorkerOrders(
                entry_of(program, module).assignment(
                    PlayOrders(worker=worker, report=str(case.report(worker)), **orders)
                ),
                environment or {},
            )
            for worker in range(workers)
        ]
        options = ClusterOptions(
            *(deadlines, fresh, watch),
            fault=fault,
            nccl=nccl,
            other_hash_seed=other_hash_seed,
            held=held,
        )
        return await run_cluster(server, every_worker, case, options)

    def reports(self, program: str, workers: int = 2) -> list[Any]:
        """What the workers of a program wrote down."""
        case = self.folder.case(program)
        return [json.loads(case.report(worker).read_text()) for worker in range(workers)]

    def log(self, program: str, worker: int) -> str:
        """What a worker printed."""
        return self.folder.case(program).log(worker).read_text()


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """A launcher; when the test is over, the operating system is asked who is left."""
    with new_run_folder(tmp_path / "runs") as folder:
        yield Launcher(folder)
    # A killed process is gone once the kernel has come round to it.
    deadline = time.monotonic() + GONE_DEADLINE_S
    while (left := processes_of(folder.path)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left == []
