"""`testbed.watch` and `testbed.compare`: check a block, or a step, in the user's process."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from testbed.check.finding import Finding
from testbed.check.judge import blind_spots, chosen, incomplete, judge
from testbed.check.observations.seen import SourceLine
from testbed.check.parity.claims import parity_of
from testbed.check.parity.comparison import Parity
from testbed.check.result import CheckResult
from testbed.check.text import as_text
from testbed.orders.own_code import RUN_CHECKED

BOTH_RUNS = "testbed.worker.watching.parity.both_runs"


@dataclass
class Watched:
    """The findings of a watched block; complete when the block has ended, even by an exception."""

    findings: tuple[Finding, ...] = ()
    incomplete: tuple[str, ...] = ()
    """Where watching failed, one sentence each. Where there is any, findings may be missing."""
    blind: tuple[str, ...] = ()
    """What the installed libraries do not show, one sentence each."""

    def __str__(self) -> str:
        """The findings as `testbed check` prints them."""
        return as_text(CheckResult(self.findings, self.incomplete, blind=self.blind)).rstrip()


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
            watched.blind = blind_spots(seen)


def compare(
    make_step: Callable[[Any], Callable[..., Any]],
    *batch: Any,
    strategy: Any,
    reduce: str = "MEAN",
    times: int = 2,
) -> Parity:
    """Compare steps of a strategy's replicas with those of one replica.

    Calls `make_step` in the scope of the strategy, and in that of a MirroredStrategy with its first
    device, and takes the same steps with both. Both runs have the same seeds, which stay set, and
    start from the same values. At most three steps that train are compared.

        def make_step(strategy):
            layer = Layer()
            optimizer = tf.keras.optimizers.SGD(0.1)

            def step(x, y):
                ...  # compute the loss, apply the gradients
                return loss

            return step

        assert testbed.compare(make_step, x, y, strategy=strategy).agrees

    Args:
        make_step: gets a strategy, creates everything that the step needs, and returns the replica
            function.
        batch: the arguments of the replica function for all replicas: arrays, tensors, or
            structures of them, which are divided evenly by their first dimension.
        strategy: a MirroredStrategy of several replicas.
        reduce: how the numbers are reduced that the replica function returns: `MEAN` or `SUM`.
        times: the number of steps, each with this batch, divided at other elements.

    Returns:
        The findings, and a sentence about what was compared or why nothing was.

    Raises:
        ValueError: the strategy has one replica, or replicas in other processes; or the batch
            cannot be divided.
    """
    # Imported by name: the module imports TensorFlow, which only callers of `compare` need.
    worker = importlib.import_module(BOTH_RUNS)
    here, replicas = len(worker.replica_devices(strategy)), strategy.num_replicas_in_sync
    if here != replicas or replicas < 2:
        raise ValueError(
            f"the strategy has {replicas} replicas, {here} of them in this process; a comparison"
            " needs several in this process"
        )
    runs = worker.both_runs(worker.ComparedStep(make_step, batch, reduce, times), strategy)
    found = parity_of([runs.many], runs.one)
    return replace(found, findings=tuple(map(_in_cells, found.findings)))


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
