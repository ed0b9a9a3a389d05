"""Launches the clusters of marked tests from one server, which a session shares."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from testbed.catalogue.scenario import Case
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.cluster_run import ClusterOptions
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.case import RUN_TEST, BedSetup, TestOrders
from testbed.pytest_plugin.item import DistributedTest
from testbed.pytest_plugin.nodes import Node, encoded_input, nodes_of
from testbed.pytest_plugin.options import arguments_of, options_of
from testbed.pytest_plugin.server.session_server import OpenedServer, SessionServer
from testbed.pytest_plugin.settings import Settings
from testbed.pytest_plugin.test_end import TestEnd, pass_on, read_end
from testbed.report.output.live import LiveOutput, has_colours, labelled
from testbed.run.entry import OrdersAt, run_entry
from testbed.run.room import require_room_for


class Launching:
    """Launches the workers of marked tests; the first test starts a server if `begin` has not."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._server = SessionServer(config, settings)
        self._runs: Counter[str] = Counter()

    def begin(self) -> None:
        """Start the server, and do not wait for it."""
        self._server.begin()

    def cancel(self) -> None:
        """End the server, if no test has used it."""
        self._server.cancel()

    def close(self) -> None:
        """End the server, and with it all processes that it started."""
        self._server.close()

    @property
    def notices(self) -> list[str]:
        """The notices about all clusters of the session; empty texts among them."""
        return self._server.notices

    def run(self, item: DistributedTest) -> TestEnd:
        """Run a test in its cluster, until all its workers have ended.

        Raises:
            LaunchError: no worker can be started on this machine.
            UsageError: the run folder cannot be made, or there is no room for so many workers.
        """
        setup = item.distributed_setup
        require_room_for([setup.deployment], asked=setup.typed, fresh=setup.fresh)
        opened = self._server.open()
        lacking = opened.devices.lacking(setup.deployment)
        if lacking:
            pytest.skip(f"{setup.deployment} {lacking}")
        self._runs[item.nodeid] += 1
        again = f" ({self._runs[item.nodeid]})" * (self._runs[item.nodeid] > 1)
        case = opened.folder.case(item.nodeid + again)
        nodes = nodes_of(item.config, setup.deployment.processes, str(case.shared))
        end = self._server.wait_for(self._run(opened, item, case, _orders_of(item, case, nodes)))
        ended = read_end(setup, end, case)
        pass_on(ended, nodes)
        return ended

    async def _run(
        self,
        opened: OpenedServer,
        item: DistributedTest,
        folder: CaseFolder,
        orders: OrdersAt[TestOrders],
    ) -> ClusterEnd:
        setup = item.distributed_setup
        async with contextlib.AsyncExitStack() as stack:
            watch = None
            if item.config.getoption("capture") == "no":
                logs = [folder.log(number) for number in range(setup.deployment.processes)]
                output = LiveOutput(logs, self._show)
                watch = (await stack.enter_async_context(output)).watch
            deadlines = self._settings.deadlines(setup, item.limit)
            return await run_entry(
                opened.server,
                RUN_TEST,
                orders,
                setup.deployment,
                folder,
                opened.devices,
                ClusterOptions(deadlines, setup.fresh, watch),
            )

    def _show(self, worker: int, lines: bytes) -> None:
        shown = labelled(worker, lines, terminal=has_colours())
        # pytest's reporter knows whether the cursor is in the middle of a line.
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        (reporter.write_line if reporter else print)(shown[:-1].decode(errors="backslashreplace"))


def _orders_of(
    item: DistributedTest, folder: CaseFolder, nodes: Sequence[Node]
) -> OrdersAt[TestOrders]:
    setup = item.distributed_setup
    case = Case(item.nodeid, setup.site, setup.mode, setup.deployment)
    options, arguments = options_of(item.config), tuple(arguments_of(item))
    inputs = [encoded_input(node) for node in nodes]
    return lambda place: TestOrders(
        BedSetup(place, case, str(folder.shared)),
        file=str(item.path),
        path=tuple(sys.path),
        options=options,
        arguments=arguments,
        workerinput=inputs[place.worker],
    )
