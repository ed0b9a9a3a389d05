"""Lets the server import plugins of pytest as a session of pytest imports them.

pytest rewrites the assertions of installed plugins when it imports them. Importing this module
installs pytest's hook for that; a worker removes it, because its session installs another one.
It does not search for the modules again: it reads the metadata of all packages for that, and
compares each module with all imported ones, a sixth of a worker's CPU time.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Any

from _pytest.assertion import install_importhook
from _pytest.config import Config, _iter_rewritable_modules, get_config

_GROUP = "pytest11"
_SEARCH = "_mark_plugins_for_rewrite"


def _rewritten() -> set[str]:
    """The modules and packages of installed plugins; an editable one lists no files."""
    names: set[str] = set()
    for found in importlib.metadata.distributions():
        plugins = [each.module for each in found.entry_points if each.group == _GROUP]
        if plugins:
            listed = {*_iter_rewritable_modules(str(file) for file in found.files or [])}
            names |= listed or {module.partition(".")[0] for module in plugins}
    return names


_NAMES = _rewritten()


def _reuse_names(hook: Any) -> None:
    """Let each session of this process, and of its forks, mark the names that the hook has.

    Private: `_mark_plugins_for_rewrite` and `_must_rewrite`, in pytest 8.3 to 9.2. Without them a
    session searches as usual.
    """
    search = getattr(Config, _SEARCH, None)
    if search is None or not hasattr(hook, "_must_rewrite"):
        return

    def mark(config: Config, hook: Any, *disabled: bool) -> None:
        if any(disabled) or os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
            search(config, hook, *disabled)
            return
        config.pluginmanager.rewrite_hook = hook
        hook._must_rewrite.update(_NAMES)

    setattr(Config, _SEARCH, mark)


_HOOK = install_importhook(get_config())
_HOOK.mark_rewrite(*(_NAMES - sys.modules.keys()))
_reuse_names(_HOOK)
