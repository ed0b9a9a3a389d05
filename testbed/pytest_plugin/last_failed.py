"""Corrects pytest's cache of --last-failed and --stepwise, which know only names of items."""

from __future__ import annotations

from typing import Any

import pytest

_LAST_FAILED = "cache/lastfailed"
_STEPWISE = "cache/stepwise"


class LastFailed:
    """The marked tests that failed in this session, by the names of tests and not of reports."""

    def __init__(self) -> None:
        self._failed: dict[str, bool] = {}
        self._test_of: dict[str, str] = {}

    def add(self, test: str, report: pytest.TestReport) -> None:
        """Add a report of a test."""
        self._failed[test] = report.failed or self._failed.get(test, False)
        self._test_of[report.nodeid] = test

    def correct(self, cache: pytest.Cache) -> None:
        """Replace names of reports in the cache by names of tests; changes only tests that ran."""
        if not self._failed:
            return
        kept: dict[str, Any] = cache.get(_LAST_FAILED, {})
        now = {name: value for name, value in kept.items() if name not in self._known}
        now |= {test: True for test, failed in self._failed.items() if failed}
        if now != kept:
            cache.set(_LAST_FAILED, now)
        stepwise = cache.get(_STEPWISE, None)
        # Older versions of pytest store only the name.
        if isinstance(stepwise, dict):
            changed: Any = {**stepwise, "last_failed": self._corrected(stepwise["last_failed"])}
        else:
            changed = self._corrected(stepwise)
        if changed != stepwise:
            cache.set(_STEPWISE, changed)

    @property
    def _known(self) -> set[str]:
        return {*self._failed, *self._test_of}

    def _corrected(self, name: str | None) -> str | None:
        test = self._test_of.get(name or "", name)
        return test if self._failed.get(test or "", True) else None
