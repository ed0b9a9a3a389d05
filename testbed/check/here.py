"""`testbed.watch`: checks one block of the user's program, in the user's process."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.judge import chosen, incomplete, judge
from testbed.orders.own_code import RUN_CHECKED


@dataclass
class Watched:
    """The findings of a watched block; complete when the block has ended, even by an exception."""

    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""


@contextlib.contextmanager
def watch() -> Iterator[Watched]:
    """Watch how the block uses strategies, and judge it at the end.

    In a cluster of several workers, this observes only its own worker. It knows no object that was
    created before the block. A strategy of several replicas needs logical devices, which this
    process must configure.

        with testbed.watch() as watched:
            train()
        assert not watched.findings
    """
    # Imported by name: the module imports TensorFlow, which only callers of `watch` need.
    seen_here = importlib.import_module(RUN_CHECKED.module).seen_here
    watched = Watched()
    with seen_here() as found:
        try:
            yield watched
        finally:
            seen = [found()]
            watched.findings = tuple(chosen(judge(seen)))
            watched.incomplete = incomplete(seen)
