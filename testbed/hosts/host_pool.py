"""A source of workers on all hosts of a cluster: worker 0's host, and its agents'."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from testbed.cluster.isolation_levels import NONE
from testbed.errors import LaunchError
from testbed.hosts.agent_link import AgentLink, Opening
from testbed.hosts.rank import Rank, join_address, split_address
from testbed.hosts.rendezvous import host_rendezvous
from testbed.launcher.isolation.isolation import Isolation
from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.launcher.server.server_handle import PreloadedServer
from testbed.launcher.server.source import (
    OnMessage,
    StartRequest,
    WorkerSlot,
    WorkerSource,
    ignored,
)
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.terminal import tell


class HostPool:
    """Distributes the workers of a cluster over its hosts, round robin."""

    def __init__(
        self, rank: Rank, host: str, own: PreloadedServer, links: Sequence[AgentLink]
    ) -> None:
        self._rank = rank
        self._host = host
        self._own = own
        self._links = links
        # A port that the environment prescribes can serve one cluster at a time.
        self._turn = asyncio.Lock() if rank.addresses else contextlib.nullcontext()

    @property
    def sources(self) -> Sequence[WorkerSource]:
        """The sources of all hosts, worker 0's first."""
        return [self._own, *self._links]

    @property
    def isolation(self) -> Isolation:
        """None: the workers use the hosts' network."""
        return Isolation(why="workers of several hosts meet over their network")

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of this host's server."""
        return self._own.environment

    @property
    def lost(self) -> str:
        """Why the first lost host is lost; empty where all hosts are there."""
        return next(filter(None, (source.lost for source in self.sources)), "")

    def start_worker(
        self, request: StartRequest, changed: asyncio.Event, on_message: OnMessage = ignored
    ) -> WorkerProcess:
        """Start a worker that needs no peers, on this host."""
        return self._own.start_worker(request, changed, on_message)

    @contextlib.asynccontextmanager
    async def reserve_slots(
        self, count: int, *, apart: bool = False
    ) -> AsyncIterator[list[WorkerSlot]]:
        """Reserve slots over all hosts; without separate networks, even with `apart`."""
        del apart
        hosts = len(self.sources)
        async with contextlib.AsyncExitStack() as holding:
            await holding.enter_async_context(self._turn)
            addresses = []
            for number in range(min(count, hosts)):
                mine = len(range(number, count, hosts))
                addresses.append(await holding.enter_async_context(self._held(number, mine)))
            yield [
                WorkerSlot(self.sources[each % hosts], addresses[each % hosts][each // hosts])
                for each in range(count)
            ]

    @contextlib.asynccontextmanager
    async def _held(self, number: int, count: int) -> AsyncIterator[list[str]]:
        """Hold ports for `count` workers on one host; the environment may prescribe the first."""
        given = self._rank.addresses
        chosen = split_address(given[number])[1] if given else None
        if number:
            link = self._links[number - 1]
            async with link.held_ports(count, chosen) as ports:
                yield [join_address(link.host, port) for port in ports]
            return
        with contextlib.ExitStack() as holding:
            try:
                ports = holding.enter_context(held_ports(count, chosen))
            except OSError as problem:
                raise LaunchError(f"worker 0's host {self._host}: {problem}") from problem
            yield [join_address(self._host, port) for port in ports]


@contextlib.asynccontextmanager
async def open_host_pool(
    rank: Rank,
    folder: RunFolder,
    preload: Sequence[str],
    python: str,
    *,
    exact: bool,
) -> AsyncIterator[HostPool]:
    """Open the host pool of a cluster, once all hosts have joined; it ends with the block.

    Args:
        rank: the rank of this process, which is worker 0.
        folder: the run folder that all hosts share.
        preload, python, exact: as for `preloaded_server`.

    Raises:
        LaunchError: some worker does not join, or its host cannot start workers.
        UsageError: the workers disagree on the cluster.
    """
    async with host_rendezvous(rank, folder) as (host, links):
        if links:
            hosts = ", ".join([host, *(link.host for link in links)])
            tell(f"{rank.size} workers have met: {hosts}")
        opening = Opening(tuple(preload), python, exact)
        opened = [asyncio.ensure_future(link.open(opening)) for link in links]
        try:
            async with preloaded_server(
                preload,
                folder,
                python,
                exact=exact,
                isolation=NONE,
            ) as own:
                await asyncio.gather(*opened)
                try:
                    yield (whole := HostPool(rank, host, own, links))
                except asyncio.CancelledError:
                    if whole.lost:
                        # An engine ends the other workers at once when one of them has failed.
                        raise LaunchError(whole.lost) from None
                    raise
        finally:
            for each in opened:
                each.cancel()
            await asyncio.gather(*opened, return_exceptions=True)
