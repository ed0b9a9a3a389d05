"""A failure of watching, so that none is silent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WatchFailure:
    """An exception of a watcher or a hook, because of which observations may be missing."""

    watcher: str
    """The name of the watcher or hook, like `data`."""
    problem: str
    """Class and first line, like `AttributeError: no such attribute`."""
    count: int
