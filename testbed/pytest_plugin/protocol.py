"""The pytest hooks for marked tests: each runs one cluster, and gets a report of each worker."""

from __future__ import annotations

import contextlib
import unittest
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from testbed.catalogue.mark import MARK
from testbed.errors import LaunchError, UsageError
from testbed.pytest_plugin.item import DistributedTest
from testbed.pytest_plugin.last_failed import LastFailed
from testbed.pytest_plugin.naming import OF_TEST, OF_WORKER, give_name
from testbed.pytest_plugin.others import notices_of, own_sockets, run_plainly
from testbed.pytest_plugin.server.import_garbage import given_back, kept_from_collector
from testbed.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from testbed.pytest_plugin.launching import Launching

NOTICE = "testbed_notice"
"""The attribute of a report that holds notices about limits of marked tests."""


class Protocol:
    """Runs marked tests in the launching process, and names their reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = Settings.of(config)
        self._launching: Launching | None = None
        self._last_failed = LastFailed()
        self._notices: set[str] = set()
        self._names: set[str] = set()
        self._tests: set[str] = set()
        self._session: pytest.Session | None = None

    @property
    def _sends(self) -> bool:
        """Whether this is a worker of pytest-xdist, so that another process shows its reports."""
        return hasattr(self._config, "workerinput")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Store the session."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        """Start the server before the first module with a marked test is imported.

        Such a module imports TensorFlow, which takes as long as the server takes.
        """
        if self._launching is None and self._may_begin() and _has_mark(module_path):
            with own_sockets():
                self._launches().begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Import a module with a marked test without a search for garbage."""
        marked = isinstance(collector, pytest.Module) and _has_mark(collector.path)
        with kept_from_collector() if marked else contextlib.nullcontext():
            return (yield)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """End the server if no test needs it."""
        if self._launching and not any(isinstance(i, DistributedTest) for i in session.items):
            with own_sockets():
                self._launching.cancel()

    def _may_begin(self) -> bool:
        """Whether all tests of a module probably run, and in this process."""
        chosen = self._config.getoption
        selected = chosen("keyword") or chosen("markexpr") not in ("", MARK)
        # Several processes of pytest-xdist may share few marked tests, and the user's preloaded
        # modules are found on the path that collection makes.
        elsewhere = self._sends or self._settings.preload
        return not (elsewhere or selected or chosen("collectonly") or chosen("lf", False))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test that has the mark and cannot run in workers."""
        if item.get_closest_marker(MARK) and not isinstance(item, DistributedTest):
            pytest.fail(f"@pytest.mark.{MARK}: {_why_not(item)}", pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Literal[True] | None:
        """Run a marked test in this process where pytest-forked would fork for it.

        Its workers are other processes already, and a fork would share the server's connection.
        """
        if not isinstance(item, DistributedTest):
            given_back()
            return None
        forked = item.config.getoption("forked", False) or item.get_closest_marker("forked")
        return run_plainly(item, nextitem) if forked else None

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> Literal[True] | None:
        """Apply the timeout of pytest-timeout to the workers, so that a hang gets a diagnosis."""
        if not isinstance(item, DistributedTest):
            return None
        item.limit = settings.timeout
        return True

    def run(self, item: DistributedTest) -> list[pytest.TestReport]:
        """Run a marked test in its cluster, and return the reports of its workers."""
        from testbed.pytest_plugin.reports import reports_of

        problem = ""
        with own_sockets():
            launching = self._launches()
            try:
                ended = launching.run(item)
            except (LaunchError, UsageError) as raised:
                problem = str(raised)
        if problem:
            # Outside the handler, so that pytest does not show the original exception, too.
            pytest.fail(problem, pytrace=False)
        reports = reports_of(item, ended)
        for report in reports:
            setattr(report, NOTICE, [*launching.notices, *notices_of(item)])
        return reports

    def _launches(self) -> Launching:
        """What launches all marked tests of the session."""
        from testbed.pytest_plugin.launching import Launching

        if self._launching is None:
            self._launching = Launching(self._config, self._settings)
            self._config.add_cleanup(self._close)
        return self._launching

    def _close(self) -> None:
        with own_sockets():
            if self._launching:
                self._launching.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_from_serializable(
        self, data: dict[str, Any]
    ) -> Generator[None, Any, pytest.TestReport | pytest.CollectReport | None]:
        """Name a report that a worker of pytest-xdist has sent."""
        report: pytest.TestReport | pytest.CollectReport | None = yield
        if isinstance(report, pytest.TestReport) and OF_WORKER in data and not self._sends:
            give_name(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the reports of marked tests, for the cache, the notices and the progress."""
        test = getattr(report, OF_TEST, None)
        if test is None or self._sends:
            return
        self._last_failed.add(test, report)
        self._notices |= {*getattr(report, NOTICE, ())} - {""}
        # pytest collected one item, and its progress counts each reported name.
        if report.nodeid not in self._names and self._session:
            self._session.testscollected += test in self._tests
            self._names.add(report.nodeid)
            self._tests.add(test)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Store failures for --last-failed and --stepwise by the names of tests."""
        yield
        cache = getattr(self._config, "cache", None)
        if cache is not None and not self._sends:
            self._last_failed.correct(cache)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the notices of marked tests."""
        for notice in sorted(self._notices):
            terminalreporter.write_line(f"testbed: {notice}")


def _has_mark(file: Path) -> bool:
    """Whether a module's text contains the mark."""
    try:
        return f"mark.{MARK}".encode() in file.read_bytes()
    except OSError:
        return False


def _why_not(item: pytest.Item) -> str:
    cls = getattr(item, "cls", None)
    if isinstance(cls, type) and issubclass(cls, unittest.TestCase):
        return "not for methods of unittest.TestCase; write a function, or a plain class"
    return "this mark came too late; put it on the function, its class or its module"
