"""Presents workers to plugins like those of pytest-xdist, so that its plugins work unchanged.

The controller of xdist lets every plugin add data for a worker to `workerinput`
(`pytest_configure_node`), and passes the data from a worker back (`pytest_testnodedown`).
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from testbed.errors import UsageError
from testbed.verdict.values import NoValueError, encode


@dataclass(eq=False)
class Node:
    """One worker of a marked test, with the attributes of xdist's `WorkerController`."""

    config: pytest.Config
    workerinput: dict[str, Any]
    workeroutput: dict[str, Any] = field(default_factory=dict)

    @property
    def gateway(self) -> Any:
        """An object with the worker's name, as in xdist."""
        return SimpleNamespace(id=self.workerinput["workerid"])

    @property
    def nodemanager(self) -> Any:
        """An object with the folders to copy to the worker, as in xdist: none."""
        return SimpleNamespace(config=self.config, roots=[])


def nodes_of(config: pytest.Config, workers: int, run: str) -> list[Node]:
    """The workers of one test, prepared by every plugin with the hook for it.

    Args:
        config: of the launching session.
        workers: the number of processes.
        run: an id that only the workers of this test share.

    Raises:
        UsageError: a plugin cannot prepare a worker.
    """
    nodes = [Node(config, _input(config, number, workers, run)) for number in range(workers)]
    for node in nodes:
        _call(config, "pytest_configure_node", {"node": node})
    return nodes


def encoded_input(node: Node) -> Any:
    """The data of plugins for a worker, as JSON types.

    Raises:
        UsageError: a plugin has added a value that cannot be encoded.
    """
    try:
        return encode(node.workerinput, "workerinput")
    except NoValueError as problem:
        raise UsageError(
            f"a plugin of pytest does not work with marked tests: what its pytest_configure_node"
            f" has set cannot reach a worker: {problem}"
        ) from problem


def node_ended(node: Node, output: dict[str, Any]) -> None:
    """Pass to plugins the data that they left in a worker's `workeroutput`.

    Raises:
        UsageError: the hook of a plugin raised an exception.
    """
    node.workeroutput = output
    _call(node.config, "pytest_testnodedown", {"node": node, "error": None})


def _input(config: pytest.Config, number: int, workers: int, run: str) -> dict[str, Any]:
    return {
        # A session that is a worker of pytest-xdist passes on the input from its controller.
        **getattr(config, "workerinput", {}),
        **_for_coverage(config),
        "workerid": f"worker{number}",
        "workercount": workers,
        "testrunuid": run,
        "mainargv": sys.argv,
    }


def _for_coverage(config: pytest.Config) -> dict[str, Any]:
    """The data that pytest-cov adds only where xdist's controller runs (seen on 7.1)."""
    if not config.pluginmanager.has_plugin(_COVERAGE):
        return {}
    return {
        "cov_master_host": socket.gethostname(),
        "cov_master_topdir": str(Path.cwd()),
        "cov_master_rsync_roots": [],
    }


_COVERAGE = "_cov"
"""The name of pytest-cov's plugin. Its hooks for nodes fail without xdist's controller."""


def _call(config: pytest.Config, hook: str, arguments: dict[str, Any]) -> None:
    """Call a hook of xdist's controller, which is undeclared where xdist is not installed."""
    if hasattr(config, "workerinput"):
        # The controller, another process, has already called it for this process.
        return
    declared = getattr(config.hook, hook, None)
    for made in declared.get_hookimpls() if declared else ():
        if made.plugin_name == _COVERAGE:
            continue
        given = {name: value for name, value in arguments.items() if name in made.argnames}
        try:
            made.function(**given)
        except Exception as problem:
            raise UsageError(
                f"the plugin {made.plugin_name} of pytest does not work with marked tests: its"
                f" {hook} raised {type(problem).__name__}: {problem}"
            ) from problem
