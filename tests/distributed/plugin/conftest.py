"""Suites of marked tests: in this process on a shared server, or by pytest in another process."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.run import servers as run_servers
from tests.distributed.plugin.environments import environment
from tests.distributed.shared_servers import SharedServers

Suite = Callable[..., pytest.RunResult]
Beside = Callable[..., pytest.RunResult]


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the session that runs these tests reaches those that they run."""
    monkeypatch.setenv("COLUMNS", "200")
    # The last two are of the process that runs this test, where pytest-xdist has started it.
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def imported() -> None:
    """Import what suites import: pytester forgets new modules, and NumPy is imported only once."""
    importlib.import_module("tf_keras")


@pytest.fixture
def suite(
    imported: None,
    pytester: pytest.Pytester,
    servers: SharedServers,
    monkeypatch: pytest.MonkeyPatch,
) -> Suite:
    """Writes a test file, runs pytest on it in this process, and gives what it printed.

    The workers of its marked tests are forked from a server that other tests use, too.
    """
    monkeypatch.setattr(run_servers, "preloaded_server", servers.lend)

    def run(text: str, *arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(**files, test_it=text)
        return pytester.runpytest_inprocess(*arguments)

    return run


@pytest.fixture
def own_suite(pytester: pytest.Pytester) -> Suite:
    """Writes a test file, runs pytest on it in another process, and gives what it printed."""

    def run(text: str, *arguments: str, **files: str) -> pytest.RunResult:
        pytester.makepyfile(**files, test_it=text)
        return pytester.runpytest_subprocess(*arguments)

    return run


HEAD = """
import os, pathlib, random, signal, socket, sys, threading, time
import pytest
import tensorflow as tf

two = pytest.mark.distributed(workers=2)

def meet(bed):
    step = lambda: tf.distribute.get_replica_context().all_reduce("SUM", tf.ones([]))
    return float(bed.strategy.experimental_local_results(bed.run(step))[0])
"""


@pytest.fixture
def beside(pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory) -> Beside:
    """Runs a suite with some plugins beside the testbed's, and gives what pytest printed."""
    made: dict[tuple[str, ...], Path] = {}

    def run(
        plugins: str | tuple[str, ...], text: str, *arguments: str, **files: str
    ) -> pytest.RunResult:
        names = (plugins,) if isinstance(plugins, str) else plugins
        if names not in made:
            made[names] = environment(tmp_path_factory.mktemp("environment"), *names)
        pytester.makepyfile(**files, test_it=HEAD + text)
        return pytester.run(made[names], "-m", "pytest", *arguments)

    return run
