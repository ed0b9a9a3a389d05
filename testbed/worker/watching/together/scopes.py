"""Tracks the strategy scopes of the user's threads; a scope is valid in one thread only."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.stack import is_authors, is_ours

_PASSING_ON = (contextlib.__file__,)


class Scopes:
    """The open scopes that statements of the user's code entered."""

    def __init__(self) -> None:
        # By the id of the context manager, which lives as long as its scope is open.
        self._open: dict[int, tuple[int, SourceLine]] = {}

    def entered(self, scope: Any) -> None:
        """Record the thread and line that entered a scope."""
        if place := _entering():
            self._open[id(scope)] = threading.get_ident(), place

    def left(self, scope: Any) -> None:
        """Forget a scope that is left."""
        self._open.pop(id(scope), None)

    def elsewhere(self) -> SourceLine | None:
        """The line at which another thread entered a scope that is still open; None if none."""
        here = threading.get_ident()
        return next((place for thread, place in self._open.values() if thread != here), None)


def _entering() -> SourceLine | None:
    """The user's line that enters a scope now; None if a library enters one itself."""
    frame = sys._getframe(1)
    while frame.f_back and (
        is_ours(frame.f_code.co_filename) or frame.f_code.co_filename in _PASSING_ON
    ):
        frame = frame.f_back
    code = frame.f_code
    if not is_authors(code.co_filename):
        return None
    return SourceLine(code.co_filename, frame.f_lineno, code.co_name)
