"""Where workers come from: the preloaded server of this machine, or those of several hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.server.worker_process import WorkerProcess

LOOPBACK = "127.0.0.1"


class WorkerSource(Protocol):
    """Starts workers on one host."""

    @property
    def lost(self) -> str:
        """Why no worker can be started any more; nothing where one can."""

    def start_worker(
        self,
        orders: dict[str, Any],
        *,
        log: Path,
        environment: dict[str, str | None],
        changed: asyncio.Event,
        told: Callable[[dict[str, Any]], None] = lambda _: None,
        fresh: bool = False,
        address: str = "",
    ) -> WorkerProcess:
        """Start a worker: see `PreloadedServer.start_worker`."""


class WorkerServer(WorkerSource, Protocol):
    """Has what a run takes: one host, or several as one. By itself it starts on the first."""

    @property
    def isolation(self) -> Isolation:
        """What the run has of its own."""

    @property
    def sources(self) -> Sequence[WorkerSource]:
        """The source of each host."""

    def seats(
        self, count: int, *, apart: bool = False
    ) -> AbstractAsyncContextManager[list[WorkerSlot]]:
        """Seats for one cluster, whose ports nobody else can take within the block.

        Args:
            count: of its processes.
            apart: each is to have a network of its own, so that it can be cut off.
        """


@dataclass(frozen=True)
class WorkerSlot:
    """Where one process of a cluster runs."""

    source: WorkerSource
    """That starts it."""
    address: str
    """`host:port`, at which its peers find it."""
    network: str = ""
    """The address of a network of its own, where it has one."""
