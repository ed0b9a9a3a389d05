"""Redirects hooks of a marked test, which other plugins call, to the workers of the test.

Plugins that rerun tests, write reports or set limits call the hooks as for every other item.
"""

from __future__ import annotations

from typing import Any

import pytest

from testbed.pytest_plugin.naming import OF_TEST, give_name


class ItemAttempt:
    """One run of a marked test: the reports of its workers, and pytest's report of the item."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []
        """The reports of the workers; empty before the run, or where no worker could be started."""
        self._made: dict[str, Any] = {}

    def raise_outcome(self) -> None:
        """Raise the common outcome of the reports, for plugins that depend on it."""
        failed, skipped, passed = (
            [report for report in self.reports if report.outcome == outcome]
            for outcome in ("failed", "skipped", "passed")
        )
        if failed:
            pytest.fail(_in_one_line(failed[0]), pytrace=False)
        if expected := [report for report in skipped if hasattr(report, "wasxfail")]:
            pytest.xfail(expected[0].wasxfail)
        if skipped and not any(report.when == "call" for report in passed):
            pytest.skip(skipped[0].longreprtext)

    def made(self, report: pytest.TestReport) -> None:
        """Store the contents of pytest's report of the item, before plugins change it."""
        self._made = dict(vars(report))

    def shown(self, report: pytest.TestReport) -> list[pytest.TestReport]:
        """The reports to log in place of a report of this process."""
        if report.when == "call" and self.reports:
            return self._with_changes_of(report)
        hidden = report.passed and (report.when == "setup" or bool(self.reports))
        return [] if hidden else [report]

    def _with_changes_of(self, report: pytest.TestReport) -> list[pytest.TestReport]:
        """The reports of the workers, with what plugins have changed in the report of the item."""
        # A plugin that reruns the item sets another outcome, and counts attempts in an attribute.
        added = {name: each for name, each in vars(report).items() if name not in self._made}
        reports = self.reports
        if report.outcome != self._made.get("outcome"):
            reports = [each for each in reports if each.failed]
            added["outcome"] = report.outcome
        for each in reports:
            vars(each).update(added)
        return reports


class Relay:
    """The hooks of one marked item; hooks that are not defined here are called unchanged."""

    def __init__(self, hooks: Any, item: Any) -> None:
        self._hooks = hooks
        self._item = item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)

    def pytest_runtest_call(self, *, item: Any) -> None:
        """Run the cluster; plugins wrap the body of the test in the workers instead."""
        item.runtest()

    def pytest_runtest_makereport(
        self, *, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> pytest.TestReport:
        """Make a report, and store its contents as pytest made it."""
        report: pytest.TestReport = self._hooks.pytest_runtest_makereport(item=item, call=call)
        if call.when == "setup":
            # A plugin may run the item again, and that run may not reach its call.
            self._item.attempt = ItemAttempt()
        elif call.when == "call":
            self._item.attempt.made(report)
        return report

    def pytest_runtest_logreport(self, *, report: pytest.TestReport) -> None:
        """Log the reports of the workers in place of pytest's report of the item."""
        for each in self._item.attempt.shown(report):
            setattr(each, OF_TEST, self._item.nodeid)
            # Under pytest-xdist another process shows it.
            if not hasattr(self._item.config, "workerinput"):
                give_name(each)
            self._hooks.pytest_runtest_logreport(report=each)

    def pytest_exception_interact(
        self, *, node: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport
    ) -> None:
        """Pass on exceptions of this process; plugins in the workers have got those of the test."""
        if call.when != "call":
            self._hooks.pytest_exception_interact(node=node, call=call, report=report)


def _in_one_line(report: pytest.TestReport) -> str:
    """Type and message of a failure, by which plugins distinguish failures."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return report.longreprtext
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
    place = getattr(entries[-1], "reprfileloc", None) if entries else None
    kind = f"{place.message}: " if place and not crash.message.startswith(place.message) else ""
    return f"{kind}{crash.message}"
