"""Preloaded servers that the commands of a test process share: each imports TensorFlow once."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from testbed.cluster.isolation_levels import AUTO
from testbed.launcher.run_folder import RunFolder, new_run_folder
from testbed.launcher.server.preloaded import preloaded_server
from testbed.launcher.server.server_handle import PreloadedServer

Result = TypeVar("Result")


class SharedServers:
    """Opens a server for each list of modules, and lends it to one command after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[tuple[tuple[str, ...], bool], PreloadedServer] = {}
        self._stack = contextlib.AsyncExitStack()
        # Servers end with the thread that has started them, and a command's loop closes what it
        # has opened.
        self._thread = ThreadPoolExecutor(1, "servers")
        self._loop = asyncio.new_event_loop()

    @contextlib.asynccontextmanager
    async def lend(
        self,
        preload: Sequence[str],
        folder: RunFolder,
        python: str = sys.executable,
        *,
        environment: Mapping[str, str] | None = None,
        exact: bool = True,
        isolation: str = AUTO,
        path: Sequence[str] = (),
    ) -> AsyncIterator[PreloadedServer]:
        """Stand in for `preloaded_server`; a server with other settings belongs to its command."""
        usual = (sys.executable, None, AUTO, ())
        if not preload or (python, environment, isolation, tuple(path)) != usual:
            own = preloaded_server(
                preload,
                folder,
                python,
                environment=environment,
                exact=exact,
                isolation=isolation,
                path=path,
            )
            async with own as server:
                yield server
            return
        server = self._of(tuple(preload), exact=exact)
        server.attach()
        try:
            yield server
        finally:
            if not server.lost:
                server.detach()

    def close(self) -> None:
        """End all servers."""
        self._in_thread(lambda: self._loop.run_until_complete(self._stack.aclose()))
        self._thread.shutdown()
        self._loop.close()

    def _of(self, preload: tuple[str, ...], *, exact: bool) -> PreloadedServer:
        key = preload, exact
        if key not in self._servers or self._servers[key].lost:
            work = self._open(preload, exact=exact)
            self._servers[key] = self._in_thread(lambda: self._loop.run_until_complete(work))
        return self._servers[key]

    async def _open(self, preload: tuple[str, ...], *, exact: bool) -> PreloadedServer:
        folder = self._stack.enter_context(new_run_folder(self._folder))
        server = await self._stack.enter_async_context(
            preloaded_server(preload, folder, exact=exact)
        )
        server.detach()
        return server

    def _in_thread(self, work: Callable[[], Result]) -> Result:
        return self._thread.submit(work).result()


@contextlib.contextmanager
def shared_servers(folder: Path) -> Iterator[SharedServers]:
    """Servers that live as long as the block."""
    servers = SharedServers(folder)
    try:
        yield servers
    finally:
        servers.close()
