"""What a scenario works with: it makes objects, runs steps and states claims through a bed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from testbed.catalogue.scenario import Case

Made = TypeVar("Made")


class Bed(Protocol):
    """One worker's view of a case: its strategy, and what a scenario does."""

    case: Case
    strategy: Any
    """The `tf.distribute.Strategy` of the case, made before the scenario script was imported."""
    worker: int
    """This worker's index in the cluster."""

    @property
    def folder(self) -> Path:
        """A folder of the case, which all workers share and find again after a restart."""

    def make(self, create: Callable[..., Made], *args: Any) -> Made:
        """Call `create(*args)` at the case's site and return what it returned.

        The site decides where: `outside_scope` calls it plainly, `in_scope` within
        `strategy.scope()`, `in_replica` within `strategy.run`, which gives what `run` gives.
        """

    def data(self, of_replica: Callable[[int], Any]) -> Any:
        """Give every replica its own tensor: `of_replica(i)` for replica `i` of all.

        Equal data on all replicas hides half of what goes wrong, so scenarios feed distinct data.
        """

    def run(self, step: Callable[..., Any], *args: Any, times: int = 1) -> Any:
        """Take `times` steps of `strategy.run(step, args)` in the case's mode.

        In mode `function` the call is wrapped in one `tf.function` per step function, however
        often it is run. Returns what the last step returned.
        """

    def phase(self, name: str) -> None:
        """Tell how far this worker has come, where no step of the bed tells it.

        The ledger keeps it, and a fault may strike there.
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
        """State what should be true of `subject`; never raises, whatever is found.

        Args:
            subject: a variable, a tensor, what `run` returned, or a Python number.
            value: what a reader should get, on every worker: of each copy, or of a variable that
                is synchronized on read the value that its copies become when it is read outside of
                `strategy.run`. With several workers all of them take part in that, so all of them
                have to state the claim.
            equal: a reader should get one value, whichever it is: from all copies on all workers.
            mirrored: one copy on the device of every replica, of a mirrored class where there is
                more than one replica.
            same_as: the object that `subject` should be, identically.
            start: the value before the steps, so that counting twice can be told from other
                mistakes.
            per_replica: what each replica computed, so that a value that is one replica's alone
                can be told; one entry for each replica of the cluster.
            stale: the value that a trace would have kept, so that a frozen one can be told.
        """
