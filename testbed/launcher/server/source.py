"""Protocols of worker sources: the preloaded server of this machine, or of several hosts."""

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
        on_message: Callable[[dict[str, Any]], None] = lambda _: None,
        fresh: bool = False,
        address: str = "",
    ) -> WorkerProcess:
        """Start a worker; the arguments are those of `PreloadedServer.start_worker`."""


class WorkerServer(WorkerSource, Protocol):
    """Provides workers and ports for a run, on one host or several; starts on the first."""

    @property
    def isolation(self) -> Isolation:
        """The namespaces that belong to the run."""

    @property
    def sources(self) -> Sequence[WorkerSource]:
        """The source of each host."""

    def reserve_slots(
        self, count: int, *, apart: bool = False
    ) -> AbstractAsyncContextManager[list[WorkerSlot]]:
        """Reserve slots for one cluster; no other process can take their ports in the block.

        Args:
            count: how many processes the cluster has.
            apart: whether each gets a separate network, so that it can be cut off.
        """


@dataclass(frozen=True)
class WorkerSlot:
    """The host and address for one process of a cluster."""

    source: WorkerSource
    """The source that starts it."""
    address: str
    """`host:port`, at which its peers reach it."""
    network: str = ""
    """The address in its separate network, where it has one."""
