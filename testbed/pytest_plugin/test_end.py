"""The end of one marked test: the end of its cluster, and the reports of its workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.catalogue.mark import MarkSetup
from testbed.cluster.strategies import STRATEGIES
from testbed.launcher.cluster.cluster_end import ClusterEnd
from testbed.launcher.cluster.report_file import UnreadableReportError, read_typed_report
from testbed.launcher.run_folder import CaseFolder
from testbed.orders.case import TestSessionReport
from testbed.pytest_plugin.nodes import Node, node_ended
from testbed.verdict.values import decode


@dataclass(frozen=True)
class TestMessage:
    """The report of a worker on a test, or why it cannot be read."""

    report: TestSessionReport | None = None
    unreadable: str = ""

    @property
    def problem(self) -> str:
        """Why the test has no result in this worker; empty where it has one."""
        return self.report.problem if self.report else self.unreadable


@dataclass(frozen=True)
class TestEnd:
    """The end of one marked test."""

    __test__ = False

    setup: MarkSetup
    end: ClusterEnd
    messages: tuple[TestMessage | None, ...]
    """One of each worker; None for a worker that reported nothing, or only serves others."""
    folder: CaseFolder


def read_end(setup: MarkSetup, end: ClusterEnd, folder: CaseFolder) -> TestEnd:
    """Read the reports of the workers of a test whose cluster has ended."""
    chief_only = bool(STRATEGIES[setup.deployment.strategy].servers)
    messages = tuple(
        _message(folder, worker.worker)
        if worker.reported and not (chief_only and worker.worker)
        else None
        for worker in end.workers
    )
    return TestEnd(setup, end, messages, folder)


def pass_on(ended: TestEnd, nodes: Sequence[Node]) -> None:
    """Pass to plugins the data that they left in the workers.

    Raises:
        UsageError: the hook of a plugin raised an exception.
    """
    for node, message in zip(nodes, ended.messages, strict=True):
        if message and message.report:
            node_ended(node, decode(message.report.output))


def _message(folder: CaseFolder, worker: int) -> TestMessage:
    try:
        return TestMessage(read_typed_report(folder, worker, TestSessionReport))
    except UnreadableReportError as problem:
        return TestMessage(unreadable=str(problem))
