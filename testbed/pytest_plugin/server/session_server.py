"""The server that starts the workers of all marked tests of a session."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from testbed.cluster.devices import Devices
from testbed.errors import LaunchError, UsageError
from testbed.launcher.interpreter.interpreter import notice_on
from testbed.launcher.run_folder import RUNS, RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.case import RUN_TEST
from testbed.pytest_plugin.server.preloading import plugins_of
from testbed.pytest_plugin.settings import Settings
from testbed.run.options import Options
from testbed.run.servers import find_devices, open_server

Result = TypeVar("Result")

# A session that a test of another session runs inherits this, too.
_CURRENT_TEST = "PYTEST_CURRENT_TEST"


@dataclass(frozen=True)
class OpenedServer:
    """A running server, with the folder of its run and the devices of its workers."""

    server: WorkerServer
    folder: RunFolder
    devices: Devices


@dataclass(frozen=True)
class _StartingServer:
    """A server that may not be ready yet."""

    folder: RunFolder
    ready: asyncio.Task[WorkerServer]
    inherited: dict[str, str]
    """The environment that it has inherited from this process."""
    stack: contextlib.ExitStack
    """Ends it."""

    def would_start_alike(self) -> bool:
        """Whether a server that starts now would have the same environment.

        Modules that pytest has collected meanwhile may have changed it. The variables that
        TensorFlow sets when it is imported do not count: the server has them, too.
        """
        now = _environment()
        changed = {n: value for n, value in now.items() if self.inherited.get(n) != value}
        return self.inherited.keys() <= now.keys() and (
            changed.items() <= self.ready.result().environment.items()
        )


class SessionServer:
    """Starts the server, and runs coroutines that use it."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.ExitStack()
        self._early: _StartingServer | None = None
        self._opened: OpenedServer | LaunchError | UsageError | None = None
        self._untested = ""

    def close(self) -> None:
        """End the server, and with it all processes that it started."""
        self.cancel()
        self._stack.close()
        self._loop.close()

    @property
    def notices(self) -> list[str]:
        """The notices about all clusters of the session: isolation, version of TensorFlow."""
        opened = self._opened
        isolation = opened.server.isolation.notice if isinstance(opened, OpenedServer) else ""
        return [isolation, self._untested]

    def begin(self) -> None:
        """Start the server and do not wait for it, so that it imports while pytest collects.

        It imports the session's plugins, too. A failure has no effect: `open` starts another server
        without them, and reports its failure.
        """
        with contextlib.suppress(LaunchError, UsageError):
            self._early = self._begin(plugins_of(self._config))
            # One turn of the loop starts the process.
            self.wait_for(asyncio.sleep(0))

    def cancel(self) -> None:
        """End a server that `begin` has started and no test has used."""
        early, self._early = self._early, None
        if early:
            early.stack.close()
            shutil.rmtree(early.folder.path, ignore_errors=True)

    def open(self) -> OpenedServer:
        """The server; the first call starts it, and a later one restarts it where it was lost.

        A server that could not start is not tried again: the reason holds for the whole session.

        Raises:
            LaunchError: no worker can be started on this machine.
            UsageError: the run folder cannot be made, or this Python has no TensorFlow.
        """
        if isinstance(self._opened, OpenedServer) and self._opened.server.lost:
            self._opened = None
        if self._opened is None:
            try:
                self._opened = self._start()
            except (LaunchError, UsageError) as problem:
                self._opened = problem
        if isinstance(self._opened, Exception):
            raise self._opened
        return self._opened

    def _start(self) -> OpenedServer:
        self._untested = notice_on()
        starting = self._taken_early() or self._begin()
        server = self.wait_for(_result(starting.ready))
        options = Options(device=self._settings.device)
        devices = self.wait_for(find_devices(server, options, starting.folder))
        return OpenedServer(server, starting.folder, devices)

    def _taken_early(self) -> _StartingServer | None:
        """The server that `begin` has started, if it is ready and still the right one."""
        early = self._early
        if early is None:
            return None
        self.wait_for(asyncio.wait({early.ready}))
        if early.ready.exception() or not early.would_start_alike():
            self.cancel()
            return None
        self._early = None
        return early

    def _begin(self, plugins: Sequence[str] = ()) -> _StartingServer:
        """Start a server that imports these plugins, and do not wait until it is ready."""
        stack = self._stack.enter_context(contextlib.ExitStack())
        folder = stack.enter_context(new_run_folder(self._config.rootpath / RUNS))
        opening = open_server(
            folder,
            fresh=False,
            module=RUN_TEST.module,
            more=[*plugins, *self._settings.preload],
            path=sys.path,
            isolation=self._settings.isolation,
        )
        ready = self._loop.create_task(opening.__aenter__())
        stack.callback(lambda: self.wait_for(_end(opening, ready)))
        return _StartingServer(folder, ready, _environment(), stack)

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the loop; an interrupt, like Ctrl-C, cancels it and waits for it."""
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    self._loop.run_until_complete(task)
            raise


def _environment() -> dict[str, str]:
    """This process's environment, without what pytest changes for each test."""
    return {name: value for name, value in os.environ.items() if name != _CURRENT_TEST}


async def _result(ready: asyncio.Task[WorkerServer]) -> WorkerServer:
    return await ready


async def _end(
    opening: contextlib.AbstractAsyncContextManager[WorkerServer],
    ready: asyncio.Task[WorkerServer],
) -> None:
    """End a server that is ready, that still starts, or that has failed to start."""
    if not ready.done():
        ready.cancel()
        await asyncio.wait({ready})
    elif not ready.cancelled() and not ready.exception():
        await opening.__aexit__(None, None, None)
