"""Runs tests with the mark `distributed` in clusters; registered with pytest by its entry point.

What launches workers is imported when the first marked test runs.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from testbed.catalogue.mark import MARK, PARAMETER, WORKER_PLUGIN
from testbed.errors import UsageError
from testbed.pytest_plugin.item import DistributedTest, setups_of
from testbed.pytest_plugin.naming import without_worker
from testbed.pytest_plugin.protocol import Protocol
from testbed.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from testbed.catalogue.bed import Bed

_SIGNATURE = (
    f"{MARK}(strategy='multi_worker_mirrored', workers=2, replicas=1, site='in_scope',"
    " mode='eager', timeout=None, start_timeout=None, fresh=False): run the test in every worker"
    " of a cluster; strategy, workers, replicas, site and mode may be several, each of which is"
    " run. See the README of scope-testbed."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a whole suite may want otherwise."""
    Settings.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and read `test_x[worker 1]`, which a report shows, as `test_x`."""
    config.addinivalue_line("markers", _SIGNATURE)
    config.args = [without_worker(argument) for argument in config.args]
    if _launches(config):
        config.pluginmanager.register(Protocol(config), "testbed-protocol")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class,
) -> Generator[None, Any, Any]:
    """Put an item that launches workers in the place of each marked function."""
    made = yield
    if not isinstance(made, list) or not _launches(collector.config):
        return made
    return [_launching(each) for each in made]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make an item of each set-up, where a mark asks for several."""
    if metafunc.definition.get_closest_marker(MARK) is None:
        return
    try:
        found = setups_of(metafunc.definition)
    except UsageError as problem:
        pytest.fail(f"@pytest.mark.{MARK}: {problem}", pytrace=False)
    if len(found) > 1:
        metafunc.fixturenames.append(PARAMETER)
        metafunc.parametrize(PARAMETER, list(found.values()), ids=list(found))


# A worker's session runs one test, and plugins ask whether a fixture outlives it: hypothesis does.
@pytest.fixture(scope="session")
def bed(request: pytest.FixtureRequest) -> Bed:
    """What a test with the mark `distributed` works with: make, data, run, claim; see testbed.Bed.

    `bed.strategy` is the strategy, `bed.worker` this worker's index, and `bed.folder` a folder that
    all workers of the test share.
    """
    worker = request.config.pluginmanager.get_plugin(WORKER_PLUGIN)
    if worker is None:
        pytest.fail(f"bed is for tests with @pytest.mark.{MARK}, which this one has not", False)
    found: Bed = worker.bed
    return found


def _launches(config: pytest.Config) -> bool:
    """Whether this is the process that launches workers, not one of them."""
    return not config.pluginmanager.has_plugin(WORKER_PLUGIN)


def _launching(made: Any) -> Any:
    if not isinstance(made, pytest.Function) or made.get_closest_marker(MARK) is None:
        return made
    return DistributedTest.instead_of(made)
