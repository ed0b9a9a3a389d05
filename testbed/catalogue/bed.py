"""The interface of a scenario: it makes objects, runs steps and states claims through a bed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from testbed.catalogue.scenario import Case

Made = TypeVar("Made")


class Bed(Protocol):
    """One worker's view of a case: its strategy, and the operations of a scenario."""

    case: Case
    strategy: Any
    """The `tf.distribute.Strategy` of the case, made before the scenario script was imported."""
    worker: int
    """This worker's index in the cluster."""

    @property
    def folder(self) -> Path:
        """A folder of the case, which all workers share and which survives a restart."""

    def make(self, create: Callable[..., Made], *args: Any) -> Made:
        """Call `create(*args)` at the case's site and return its result.

        The site decides where: `outside_scope` calls it plainly, `in_scope` within
        `strategy.scope()`, `in_replica` within `strategy.run`, whose result is returned.
        """

    def data(self, of_replica: Callable[[int], Any]) -> Any:
        """Give every replica its own tensor: `of_replica(i)` for replica `i` of all.

        Equal data on all replicas hides half of the mistakes, so scenarios feed distinct data.
        """

    def run(self, step: Callable[..., Any], *args: Any, times: int = 1) -> Any:
        """Take `times` steps of `strategy.run(step, args)` in the case's mode.

        In mode `function` the call is wrapped in one `tf.function` per step function, however
        often it is run. Returns the result of the last step.
        """

    def phase(self, name: str) -> None:
        """Report a phase of this worker that no step of the bed reports.

        The ledger keeps it, and a fault may be injected there.
        """

    def claim(
        self,
        subject: Any,
        *,
        value: Any = None,
        equal: bool = False,
        mirrored: bool = False,
        same_as: Any = None,
        start: float = 0.0,
        per_replica: Sequence[Any] | None = None,
        stale: Any = None,
    ) -> None:
        """State what should be true of `subject`; never raises, whatever the result is.

        Args:
            subject: a variable, a tensor, a result of `run`, or a Python number.
            value: the value that a reader should get on every worker: from each copy, or, for a
                variable that is synchronized on read, from a read outside of `strategy.run`. All
                workers take part in such a read, so all of them must state the claim.
            equal: a reader should get the same value from all copies on all workers; the value
                itself does not matter.
            mirrored: every replica should have a copy on its device, of a mirrored class where
                there is more than one replica.
            same_as: the object with which `subject` should be identical.
            start: the value before the steps; it distinguishes counting per replica from other
                mistakes.
            per_replica: the value that each replica computed, one entry for each replica of the
                cluster; it identifies a value that only one replica computed.
            stale: the value that a trace would keep; it identifies a frozen value.
        """


class PytestBed(Bed, Protocol):
    """The bed of a test with the mark `distributed`: it can also compare with one replica."""

    def parity(
        self,
        make_step: Callable[[Any], Callable[..., Any]],
        *batch: Any,
        reduce: str = "MEAN",
        times: int = 2,
    ) -> None:
        """Claim that steps of all replicas compute what the same steps of one replica compute.

        Calls `make_step` in the scope of the test's strategy, and once more, in worker 0, in that
        of a MirroredStrategy with one device. Meanwhile `bed.strategy` is that strategy. Both runs
        have the same seeds, which stay set, and start from the same values. What the comparison
        covers is that of `testbed check`. The claim holds with one replica. It fails if the steps
        differ, or if they cannot be compared.

        Args:
            make_step: gets a strategy, creates everything that the step needs, and returns the
                replica function.
            batch: the arguments of the replica function for all replicas of all workers, equal in
                every worker: arrays, tensors, or structures of them, which are divided evenly by
                their first dimension.
            reduce: how the numbers are reduced that the replica function returns: `MEAN` or `SUM`.
            times: the number of steps, each with this batch, divided at other elements.

        Raises:
            ValueError: the batch cannot be divided, or the strategy keeps no copy for each replica.
        """
