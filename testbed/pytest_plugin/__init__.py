"""The pytest plugin: runs tests with the mark `distributed` in clusters.

An entry point registers it. The modules that launch workers are imported by the first marked test.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from testbed.catalogue.mark import MARK, PARAMETER, WORKER_PLUGIN
from testbed.errors import UsageError
from testbed.pytest_plugin.item import DistributedTest, setups_of
from testbed.pytest_plugin.naming import without_worker
from testbed.pytest_plugin.others import leave_assertions
from testbed.pytest_plugin.settings import Settings

if TYPE_CHECKING:
    from testbed.catalogue.bed import Bed

_SIGNATURE = (
    f"{MARK}(strategy='multi_worker_mirrored', workers=2, replicas=1, site='in_scope',"
    " mode='eager', timeout=None, start_timeout=None, fresh=False): run the test in every worker"
    " of a cluster; strategy, workers, replicas, site and mode may be several, each of which is"
    " run. See the README of tf-scope-testbed."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings that a suite can change."""
    Settings.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and accept the name in a report, `test_x[worker 1]`, for `test_x`."""
    config.addinivalue_line("markers", _SIGNATURE)
    config.args = [without_worker(argument) for argument in config.args]
    leave_assertions()
    if _launches(config):
        # Workers do without its modules.
        from testbed.pytest_plugin.protocol import Protocol

        config.pluginmanager.register(Protocol(config), "testbed-protocol")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class,
) -> Generator[None, Any, Any]:
    """Replace the item of each marked function by one that launches workers."""
    made = yield
    if not isinstance(made, list) or not _launches(collector.config):
        return made
    return [_launching(each) for each in made]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each set-up, where a mark has several."""
    if metafunc.definition.get_closest_marker(MARK) is None:
        return
    try:
        found = setups_of(metafunc.definition)
    except UsageError as problem:
        pytest.fail(f"@pytest.mark.{MARK}: {problem}", pytrace=False)
    if len(found) > 1:
        metafunc.fixturenames.append(PARAMETER)
        metafunc.parametrize(PARAMETER, list(found.values()), ids=list(found))


# Of scope session: a worker runs one test, and hypothesis rejects fixtures of scope function.
@pytest.fixture(scope="session")
def bed(request: pytest.FixtureRequest) -> Bed:
    """The bed of a test with the mark `distributed`: make, data, run, claim; see testbed.Bed.

    `bed.strategy` is the strategy, `bed.worker` this worker's index, and `bed.folder` a folder that
    all workers of the test share.
    """
    worker = request.config.pluginmanager.get_plugin(WORKER_PLUGIN)
    if worker is None:
        pytest.fail(f"bed is for tests with @pytest.mark.{MARK}, which this one lacks", False)
    found: Bed = worker.bed
    return found


def _launches(config: pytest.Config) -> bool:
    """Whether this process launches workers, and is not a worker."""
    return not config.pluginmanager.has_plugin(WORKER_PLUGIN)


def _launching(made: Any) -> Any:
    if not isinstance(made, pytest.Function) or made.get_closest_marker(MARK) is None:
        return made
    return DistributedTest.instead_of(made)
