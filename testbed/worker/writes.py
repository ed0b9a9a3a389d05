"""Records the writers of each copy of a variable: a replica, all together, or code outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.probes import captured_from, observing_ops, observing_run, replica_number
from testbed.worker.watching.operation_hook import OPERATIONS

# Replicas write together: the update that follows a reduction over all of them.
MERGED = "merged"

# A write while steps are taken, but outside of `strategy.run`.
OUTSIDE = "outside"

WRITING = (
    "AssignVariableOp",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "ResourceApply",
    "ResourceScatter",
    "ResourceSparseApply",
    "ResourceStridedSliceAssign",
    "LookupTableInsert",
)


def current_actor(*, running: bool, strategy: Any = None) -> str:
    """The actor that runs the current code: `replica 0`, ..., `merged` or `outside`.

    Args:
        running: whether a `strategy.run` has not returned.
        strategy: count only replicas of this strategy; None: of any but the default strategy.
    """
    if tf.distribute.in_cross_replica_context():
        return MERGED if running else OUTSIDE
    current = tf.distribute.get_strategy()
    is_own = current is strategy if strategy is not None else tf.distribute.has_strategy()
    return f"replica {replica_number()}" if is_own else OUTSIDE


class Writes:
    """Records every operation that writes a variable while steps are taken.

    The operations of a compiled step are recorded when it is traced: once for each replica, as it
    will run.
    """

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self._running = [False]
        # A report of the worker says it.
        self._is_blind = bool(OPERATIONS.problem())
        # By the id of a variable's handle. The handle itself is not kept, so that an unreferenced
        # variable can be freed. A new handle with the same id then clears the entry.
        self._writers: dict[int, set[str]] = {}
        self._unset: set[int] = set()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Observe the operations of this thread and of the replicas that it starts."""
        seen = contextlib.nullcontext() if self._is_blind else observing_ops(self._note)
        with seen, observing_run(self._strategy, self._running):
            yield

    def of(self, variable: Any) -> tuple[str, ...]:
        """The writers of one copy: `replica 0`, `replica 1`, ..., `merged`, `outside`."""
        try:
            handle = variable.handle
        except (AttributeError, ValueError):
            return ()
        return tuple(sorted(self._writers.get(id(handle), ())))

    def _note(self, op: str, inputs: Any, outputs: Any) -> None:
        if op == "VarHandleOp":
            self._writers.pop(id(outputs[0]), None)
            self._unset.add(id(outputs[0]))
        elif inputs and op.startswith(WRITING):
            key = id(captured_from(inputs[0]))
            if key in self._unset:
                # The first write of a new variable is its initial value, and belongs to no step.
                self._unset.discard(key)
            else:
                self._writers.setdefault(key, set()).add(
                    current_actor(running=self._running[-1], strategy=self._strategy)
                )
