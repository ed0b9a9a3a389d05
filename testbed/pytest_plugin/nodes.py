"""Workers as plugins know those of pytest-xdist, so that what supports it supports marked tests.

Its controller lets every plugin put into `workerinput` what the plugin needs in a worker
(`pytest_configure_node`), and hands back what a worker left (`pytest_testnodedown`).
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
        """What carries the worker's name."""
        return SimpleNamespace(id=self.workerinput["workerid"])

    @property
    def nodemanager(self) -> Any:
        """What says which folders are copied to the worker: none."""
        return SimpleNamespace(config=self.config, roots=[])


def nodes_of(config: pytest.Config, workers: int, run: str) -> list[Node]:
    """The workers of one test, prepared by every plugin that prepares workers.

    Args:
        config: of the launching session.
        workers: how many processes.
        run: what tells this test's workers from those of others.

    Raises:
        UsageError: a plugin cannot prepare a worker.
    """
    nodes = [Node(config, _input(config, number, workers, run)) for number in range(workers)]
    for node in nodes:
        _call(config, "pytest_configure_node", {"node": node})
    return nodes


def encoded_input(node: Node) -> Any:
    """What a worker gets of plugins, as JSON types.

    Raises:
        UsageError: a plugin has put something there that cannot be passed to a process.
    """
    try:
        return encode(node.workerinput, "workerinput")
    except NoValueError as problem:
        raise UsageError(
            f"a plugin of pytest does not work with marked tests: what its pytest_configure_node"
            f" has set cannot reach a worker: {problem}"
        ) from problem


def node_ended(node: Node, output: dict[str, Any]) -> None:
    """Hand plugins what they left in a worker's `workeroutput`.

    Raises:
        UsageError: a plugin fails on it.
    """
    node.workeroutput = output
    _call(node.config, "pytest_testnodedown", {"node": node, "error": None})


def _input(config: pytest.Config, number: int, workers: int, run: str) -> dict[str, Any]:
    return {
        # A session that is itself a worker of pytest-xdist passes on what its controller gave it.
        **getattr(config, "workerinput", {}),
        **_for_coverage(config),
        "workerid": f"worker{number}",
        "workercount": workers,
        "testrunuid": run,
        "mainargv": sys.argv,
    }


def _for_coverage(config: pytest.Config) -> dict[str, Any]:
    """What pytest-cov puts there where xdist's controller runs, and only there (seen on 7.1)."""
    if not config.pluginmanager.has_plugin(_COVERAGE):
        return {}
    return {
        "cov_master_host": socket.gethostname(),
        "cov_master_topdir": str(Path.cwd()),
        "cov_master_rsync_roots": [],
    }


_COVERAGE = "_cov"
"""pytest-cov's plugin of one session. Without xdist's controller its hooks for nodes fail."""


def _call(config: pytest.Config, hook: str, arguments: dict[str, Any]) -> None:
    """Call a hook of xdist's controller, which nobody has declared where xdist is not installed."""
    if hasattr(config, "workerinput"):
        # The controller is another process, and has called it for this one and what it starts.
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
