"""Lets the server import plugins of pytest as a session of pytest imports them.

pytest rewrites the assertions of installed plugins when it imports them. Importing this module
installs pytest's hook for that; a worker removes it, because its session installs another one.
"""

from __future__ import annotations

import importlib.metadata
import sys

from _pytest.assertion import install_importhook
from _pytest.config import _iter_rewritable_modules, get_config

_GROUP = "pytest11"


def _rewritten() -> set[str]:
    """The modules and packages of installed plugins; an editable one lists no files."""
    names: set[str] = set()
    for found in importlib.metadata.distributions():
        plugins = [each.module for each in found.entry_points if each.group == _GROUP]
        if plugins:
            listed = {*_iter_rewritable_modules(str(file) for file in found.files or [])}
            names |= listed or {module.partition(".")[0] for module in plugins}
    return names


install_importhook(get_config()).mark_rewrite(*(_rewritten() - sys.modules.keys()))
