"""`testbed.watch`: the same eyes on a part of one's own program, in one's own process."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from testbed.check.finding import Finding
from testbed.check.judge import chosen, incomplete, judge
from testbed.check.run import MODULE


@dataclass
class Watched:
    """What was found; complete once the block is over, whether it raised or not."""

    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each; then findings may be missing."""


@contextlib.contextmanager
def watch() -> Iterator[Watched]:
    """Watch what the block does with strategies, and judge it at the end.

    Of a cluster of several workers only this one is seen. What was made before the block is not
    known; a strategy of several replicas needs its logical devices, which are this process's own
    affair.

        with testbed.watch() as watched:
            train()
        assert not watched.findings
    """
    # By name: it imports TensorFlow, which nobody needs who does not watch.
    seen_here = importlib.import_module(MODULE).seen_here
    watched = Watched()
    with seen_here() as found:
        try:
            yield watched
        finally:
            seen = [found()]
            watched.findings = tuple(chosen(judge(seen)))
            watched.incomplete = incomplete(seen)
