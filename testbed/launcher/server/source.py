"""Protocols of worker sources: the preloaded server of this machine, or of several hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from testbed.decoding import decoded
from testbed.launcher.entry import Envelope
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.server.worker_process import WorkerProcess

LOOPBACK = "127.0.0.1"

OnMessage = Callable[[dict[str, Any]], None]


def ignored(_message: dict[str, Any]) -> None:
    """Ignore a message of a worker."""


@dataclass(frozen=True)
class StartRequest:
    """The description of one worker for the source that starts it."""

    envelope: Envelope
    log: str
    """The file for the worker's output."""
    environment: dict[str, str | None] = field(default_factory=dict)
    """Variables to set (or, with None, to remove) before the worker starts."""
    fresh: bool = False
    """Whether it is a new interpreter instead of a fork of the preloaded one."""
    address: str = ""
    """For a separate network: from `PreloadedServer.new_address`, or empty."""

    def to_message(self) -> dict[str, Any]:
        """Encode as JSON types."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> StartRequest:
        """Decode a request of another host."""
        return decoded(cls, message)


class WorkerSource(Protocol):
    """Starts workers on one host."""

    @property
    def lost(self) -> str:
        """Why no worker can be started any more; nothing where one can."""

    def start_worker(
        self, request: StartRequest, changed: asyncio.Event, on_message: OnMessage = ignored
    ) -> WorkerProcess:
        """Start a worker and send it its envelope.

        Args:
            request: describes the worker.
            changed: is set whenever something happens to the worker.
            on_message: called with each phase and note that the worker reports.

        Raises:
            LaunchError: this source is lost, or the request is too long for it.
        """


class WorkerServer(WorkerSource, Protocol):
    """Provides workers and ports for a run, on one host or several; starts on the first."""

    @property
    def isolation(self) -> Isolation:
        """The namespaces that belong to the run."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the first server, as its imports left it."""

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
