"""Selects the plugins of pytest that the server imports, so that workers need not."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from testbed.pytest_plugin.options import NOT_IN_WORKERS

_REWRITING = "testbed.worker.plugin_imports"


def plugins_of(config: pytest.Config) -> list[str]:
    """The modules that import the session's installed plugins in the server; none if in doubt.

    The imports of a plugin must start neither a thread nor TensorFlow's runtime there: call this
    before the session imports a test, when whatever has started in it, plugins have started.
    """
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    if threads > 1 or "tensorflow" in sys.modules:
        return []
    manager = config.pluginmanager
    found = [plugin for plugin, _ in manager.list_plugin_distinfo()]
    modules = [
        plugin.__name__
        for plugin in found
        if isinstance(plugin, ModuleType) and manager.get_name(plugin) not in NOT_IN_WORKERS
    ]
    rewrites = config.getoption("assertmode") == "rewrite"
    return [_REWRITING, *modules] if rewrites else modules
