"""Launches the clusters of marked tests from one server, which a session shares."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from testbed.catalogue.mark import MARK, MarkSetup
from testbed.cluster.devices import Devices
from testbed.cluster.strategies import STRATEGIES
from testbed.errors import LaunchError, UsageError
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import Deadlines
from testbed.launcher.cluster.report_file import UnreadableReportError, read_report
from testbed.launcher.run_folder import RUNS, CaseFolder, RunFolder, new_run_folder
from testbed.launcher.server.source import WorkerServer
from testbed.pytest_plugin.item import DistributedTest
from testbed.pytest_plugin.nodes import Node, encoded_input, node_ended, nodes_of
from testbed.pytest_plugin.options import arguments_of, options_of
from testbed.pytest_plugin.settings import Settings
from testbed.report.output.live import LiveOutput, has_colours, labelled
from testbed.run.case import Options
from testbed.run.entry import run_entry
from testbed.run.room import require_room_for
from testbed.run.runner import find_devices, open_server
from testbed.verdict.values import decode

MODULE = "testbed.worker.pytest_session"
ENTRY = f"{MODULE}:run_test"

Result = TypeVar("Result")


@dataclass(frozen=True)
class TestMessage:
    """The report of a worker on a test: the parts of its JSON, or why it cannot be read."""

    report: dict[str, Any] = field(default_factory=dict)
    unreadable: str = ""


@dataclass(frozen=True)
class TestEnd:
    """The end of one marked test."""

    __test__ = False

    setup: MarkSetup
    end: ClusterEnd
    messages: tuple[TestMessage | None, ...]
    """One of each worker; None for a worker that reported nothing, or only serves others."""
    folder: CaseFolder


@dataclass(frozen=True)
class _Opened:
    server: WorkerServer
    folder: RunFolder
    devices: Devices


class Launching:
    """Launches the workers of marked tests; the first test starts the server."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stack = contextlib.ExitStack()
        self._runs: Counter[str] = Counter()
        self._opened: _Opened | LaunchError | UsageError | None = None

    def close(self) -> None:
        """End the server, and with it all processes that it started."""
        self._stack.close()
        self._loop.close()

    def run(self, item: DistributedTest) -> TestEnd:
        """Run a test in its cluster, until all its workers have ended.

        Raises:
            LaunchError: no worker can be started on this machine.
            UsageError: the run folder cannot be made, or there is no room for so many workers.
        """
        setup = item.distributed_setup
        asked = f"@pytest.mark.{MARK}, {setup.deployment}"
        require_room_for([setup.deployment], asked=asked, fresh=setup.fresh)
        opened = self._open()
        lacking = opened.devices.lacking(setup.deployment)
        if lacking:
            pytest.skip(f"{setup.deployment} {lacking}")
        self._runs[item.nodeid] += 1
        again = f" ({self._runs[item.nodeid]})" * (self._runs[item.nodeid] > 1)
        case = opened.folder.case(item.nodeid + again)
        nodes = nodes_of(item.config, len(setup.deployment.tasks), str(case.shared))
        end = self._wait_for(self._run(opened, item, setup, case, nodes))
        chief_only = bool(STRATEGIES[setup.deployment.strategy].servers)
        messages = tuple(
            _message(case, worker.worker)
            if worker.reported and not (chief_only and worker.worker)
            else None
            for worker in end.workers
        )
        for node, message in zip(nodes, messages, strict=True):
            if message and "output" in message.report:
                node_ended(node, decode(message.report["output"]))
        return TestEnd(setup, end, messages, case)

    async def _run(
        self,
        opened: _Opened,
        item: DistributedTest,
        setup: MarkSetup,
        folder: CaseFolder,
        nodes: list[Node],
    ) -> ClusterEnd:
        orders = {
            "scenario": item.nodeid,
            "file": str(item.path),
            "site": setup.site,
            "mode": setup.mode,
            "folder": str(folder.shared),
            "path": sys.path,
            "options": options_of(item.config),
            "arguments": arguments_of(item),
            "workerinput": [encoded_input(node) for node in nodes],
        }
        async with contextlib.AsyncExitStack() as stack:
            watch = None
            if item.config.getoption("capture") == "no":
                logs = [folder.log(number) for number in range(setup.deployment.processes)]
                output = LiveOutput(logs, self._show)
                watch = (await stack.enter_async_context(output)).watch
            return await run_entry(
                opened.server,
                ENTRY,
                orders,
                setup.deployment,
                folder,
                self._deadlines(setup, item.limit),
                devices=opened.devices,
                fresh=setup.fresh,
                watch=watch,
            )

    def _show(self, worker: int, lines: bytes) -> None:
        shown = labelled(worker, lines, terminal=has_colours())
        # pytest's reporter knows whether the cursor is in the middle of a line.
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        (reporter.write_line if reporter else print)(shown[:-1].decode(errors="backslashreplace"))

    def _deadlines(self, setup: MarkSetup, limit: float | None) -> Deadlines:
        run = setup.timeout or (None if limit else self._settings.timeout)
        return Deadlines(
            start=setup.start_timeout or self._settings.start_timeout,
            run=min(each for each in (run, limit) if each),
        )

    @property
    def notice(self) -> str:
        """The isolation that all clusters of the session lack, in words; empty for none."""
        return "" if not isinstance(self._opened, _Opened) else self._opened.server.isolation.notice

    def _open(self) -> _Opened:
        """The server; the first call starts it, and a later one restarts it where it was lost.

        A server that could not start is not tried again: the reason holds for the whole session.
        """
        if isinstance(self._opened, _Opened) and self._opened.server.lost:
            self._opened = None
        if self._opened is None:
            try:
                self._opened = self._start()
            except (LaunchError, UsageError) as problem:
                self._opened = problem
        if isinstance(self._opened, Exception):
            raise self._opened
        return self._opened

    def _start(self) -> _Opened:
        options = Options(device=self._settings.device, isolation=self._settings.isolation)
        folder = self._stack.enter_context(new_run_folder(self._config.rootpath / RUNS))
        opening = open_server(
            folder,
            fresh=False,
            module=MODULE,
            more=self._settings.preload,
            path=sys.path,
            isolation=options.isolation,
        )
        server = self._wait_for(opening.__aenter__())
        self._stack.callback(lambda: self._wait_for(opening.__aexit__(None, None, None)))
        return _Opened(server, folder, self._wait_for(find_devices(server, options, folder)))

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
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


def _message(folder: CaseFolder, worker: int) -> TestMessage:
    try:
        return TestMessage(read_report(folder, worker))
    except UnreadableReportError as problem:
        return TestMessage(unreadable=str(problem))
