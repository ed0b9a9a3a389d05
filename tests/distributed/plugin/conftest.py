"""Suites of somebody else's, run by pytest in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Writes a test file, runs pytest on it with some arguments, and gives what it printed."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # Of the process that runs this test, where pytest-xdist has started it.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)

    def run(text: str, *arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(**files, test_it=text)
        return pytester.runpytest_subprocess(*arguments)

    return run
