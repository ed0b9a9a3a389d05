"""`testbed worker`: `testbed run` in a process that another launcher has started."""

from __future__ import annotations

from testbed.cli.commands.run import main, require_valid

__all__ = ["main", "require_valid"]
