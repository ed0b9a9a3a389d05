"""Which strategies' scopes the author's threads are in: a scope holds for one thread only."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any

from testbed.check.seen import SourceLine
from testbed.worker.watching.stack import is_authors, is_ours

_PASSING_ON = (contextlib.__file__,)


class Scopes:
    """Those that the author's own statements have entered."""

    def __init__(self) -> None:
        # By the id of the context manager, which lives as long as its scope is in force.
        self._open: dict[int, tuple[int, SourceLine]] = {}

    def entered(self, scope: Any) -> None:
        """See `Watch.scope_entered`."""
        if place := _entering():
            self._open[id(scope)] = threading.get_ident(), place

    def left(self, scope: Any) -> None:
        """See `Watch.scope_left`."""
        self._open.pop(id(scope), None)

    def elsewhere(self) -> SourceLine | None:
        """Where another thread has entered the scope in which it is, if there is one."""
        here = threading.get_ident()
        return next((place for thread, place in self._open.values() if thread != here), None)


def _entering() -> SourceLine | None:
    """The author's line that enters a scope now; None where a library enters one for itself."""
    frame = sys._getframe(1)
    while frame.f_back and (
        is_ours(frame.f_code.co_filename) or frame.f_code.co_filename in _PASSING_ON
    ):
        frame = frame.f_back
    code = frame.f_code
    if not is_authors(code.co_filename):
        return None
    return SourceLine(code.co_filename, frame.f_lineno, code.co_name)
