"""`testbed.watch`: checks one block of the user's program, in the user's process."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from testbed.check.finding import Finding
from testbed.check.judge import chosen, incomplete, judge
from testbed.check.result import CheckResult
from testbed.check.seen import SourceLine
from testbed.check.text import as_text
from testbed.orders.own_code import RUN_CHECKED


@dataclass
class Watched:
    """The findings of a watched block; complete when the block has ended, even by an exception."""

    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""

    def __str__(self) -> str:
        """The findings as `testbed check` prints them."""
        return as_text(CheckResult(self.findings, self.incomplete)).rstrip()


@contextlib.contextmanager
def watch() -> Iterator[Watched]:
    """Watch how the block uses strategies, and judge it at the end.

    In a cluster of several workers, this observes only its own worker. It knows no object that was
    created before the block. A strategy of several replicas needs logical devices, which this
    process must configure.

        with testbed.watch() as watched:
            train()
        assert not watched.findings

    In a notebook, the file of a line is its cell, like `Cell In[2]`, and `print(watched)` shows the
    findings as `testbed check` does.
    """
    # Imported by name: the module imports TensorFlow, which only callers of `watch` need.
    seen_here = importlib.import_module(RUN_CHECKED.module).seen_here
    watched = Watched()
    with seen_here() as found:
        try:
            yield watched
        finally:
            seen = [found()]
            watched.findings = tuple(map(_in_cells, chosen(judge(seen))))
            watched.incomplete = incomplete(seen)


def _in_cells(finding: Finding) -> Finding:
    return replace(finding, place=_in_cell(finding.place), use=_in_cell(finding.use))


def _in_cell(place: SourceLine | None) -> SourceLine | None:
    """The line with the cell of a notebook as its file, for which IPython makes up a file name."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if place is None or shell is None:
        return place
    label = shell.compile.format_code_name(place.file)
    return replace(place, file=" ".join(label)) if label else place
