"""The server that starts the workers of all marked tests of a session."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from testbed.cluster.devices import Devices
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import RUNS, RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.orders.case import RUN_TEST
from testbed.pytest_plugin.settings import Settings
from testbed.run.options import Options
from testbed.run.servers import find_devices, open_server

Result = TypeVar("Result")


@dataclass(frozen=True)
class OpenedServer:
    """A running server, with the folder of its run and the devices of its workers."""

    server: WorkerServer
    folder: RunFolder
    devices: Devices


class SessionServer:
    """Starts the server for the first test, and runs coroutines that use it."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.ExitStack()
        self._opened: OpenedServer | LaunchError | UsageError | None = None

    def close(self) -> None:
        """End the server, and with it all processes that it started."""
        self._stack.close()
        self._loop.close()

    @property
    def notice(self) -> str:
        """The isolation that all clusters of the session lack, in words; empty for none."""
        opened = self._opened
        return opened.server.isolation.notice if isinstance(opened, OpenedServer) else ""

    def open(self) -> OpenedServer:
        """The server; the first call starts it, and a later one restarts it where it was lost.

        A server that could not start is not tried again: the reason holds for the whole session.

        Raises:
            LaunchError: no worker can be started on this machine.
            UsageError: the run folder cannot be made.
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
        options = Options(device=self._settings.device, isolation=self._settings.isolation)
        folder = self._stack.enter_context(new_run_folder(self._config.rootpath / RUNS))
        opening = open_server(
            folder,
            fresh=False,
            module=RUN_TEST.module,
            more=self._settings.preload,
            path=sys.path,
            isolation=options.isolation,
        )
        server = self.wait_for(opening.__aenter__())
        self._stack.callback(lambda: self.wait_for(opening.__aexit__(None, None, None)))
        return OpenedServer(server, folder, self.wait_for(find_devices(server, options, folder)))

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
