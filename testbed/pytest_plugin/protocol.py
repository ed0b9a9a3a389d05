"""What pytest does with a marked test: one cluster, and a report of each of its workers."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Literal

import pytest

from testbed.errors import LaunchError, UsageError
from testbed.mark import MARK
from testbed.pytest_plugin.item import DistributedTest
from testbed.pytest_plugin.last_failed import LastFailed
from testbed.pytest_plugin.naming import OF_TEST, OF_WORKER, give_name
from testbed.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from testbed.pytest_plugin.launching import Launching

NOTICE = "testbed_notice"
"""The attribute of a report that holds what every marked test of the session lacks."""


class Protocol:
    """Runs marked tests in the launching process, and names what they report."""

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
        """Whether another process shows what this one reports: it is a worker of pytest-xdist."""
        return hasattr(self._config, "workerinput")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Refuse what has the mark and cannot run in workers."""
        if item.get_closest_marker(MARK) and not isinstance(item, DistributedTest):
            pytest.fail(f"@pytest.mark.{MARK}: {_why_not(item)}", pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Literal[True] | None:
        """Run a marked test; leave every other one to pytest."""
        if not isinstance(item, DistributedTest):
            return None
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        # Here marks like skipif are looked at, and no fixture is set up.
        setup = _phase(item, "setup", lambda: hook.pytest_runtest_setup(item=item))
        if not setup.passed:
            self._log(item, [setup])
        elif not item.config.getoption("setuponly", False):
            self._log(item, self._run(item))
        teardown = _phase(
            item, "teardown", lambda: hook.pytest_runtest_teardown(item=item, nextitem=nextitem)
        )
        if not teardown.passed:
            self._log(item, [teardown])
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _run(self, item: DistributedTest) -> list[pytest.TestReport]:
        from testbed.pytest_plugin.launching import Launching
        from testbed.pytest_plugin.reports import reports_of

        if self._launching is None:
            self._launching = Launching(item.config, self._settings)
            item.config.add_cleanup(self._launching.close)
        launching, ended = self._launching, []

        def launch() -> None:
            problem = ""
            try:
                ended.append(launching.run(item))
            except (LaunchError, UsageError) as raised:
                problem = str(raised)
            # Outside, so that what it was raised from is not told, too.
            if problem:
                pytest.fail(problem, pytrace=False)

        call = _phase(item, "call", launch)
        if not ended:
            return [call]
        reports = reports_of(item, ended[0])
        for report in reports:
            setattr(report, NOTICE, launching.notice)
        return reports

    def _log(self, item: DistributedTest, reports: list[pytest.TestReport]) -> None:
        for report in reports:
            setattr(report, OF_TEST, item.nodeid)
            if not self._sends:
                give_name(report)
            item.ihook.pytest_runtest_logreport(report=report)

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
        """Keep count of what is reported of marked tests."""
        test = getattr(report, OF_TEST, None)
        if test is None or self._sends:
            return
        self._last_failed.add(test, report)
        self._notices |= {getattr(report, NOTICE, "")} - {""}
        # One item was collected, and pytest's progress counts each name that is reported.
        if report.nodeid not in self._names and self._session:
            self._session.testscollected += test in self._tests
            self._names.add(report.nodeid)
            self._tests.add(test)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Let --last-failed and --stepwise find what failed, by the names of tests."""
        yield
        cache = getattr(self._config, "cache", None)
        if cache is not None and not self._sends:
            self._last_failed.correct(cache)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what every marked test lacked."""
        for notice in sorted(self._notices):
            terminalreporter.write_line(f"testbed: {notice}")


def _why_not(item: pytest.Item) -> str:
    cls = getattr(item, "cls", None)
    if isinstance(cls, type) and issubclass(cls, unittest.TestCase):
        return "not for methods of unittest.TestCase; write a function, or a plain class"
    return "this mark came too late; put it on the function, its class or its module"


def _phase(
    item: pytest.Item, when: Literal["setup", "call", "teardown"], do: Callable[[], Any]
) -> pytest.TestReport:
    """Do something of a test, and make the report of it that pytest makes."""
    reraise: tuple[type[BaseException], ...] = (KeyboardInterrupt, pytest.exit.Exception)
    call = pytest.CallInfo.from_call(do, when=when, reraise=reraise)
    report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    return report
