"""Records optimizers of Keras 3 that clip the gradients of each replica before they are summed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from testbed.worker.watching.data.batches import components
from testbed.worker.watching.together.current_step import CurrentStep

_LIMITS = ("clipnorm", "global_clipnorm", "clipvalue")

Shape = tuple[int | None, ...] | None


class ClippedGradients:
    """Finds optimizers that clip in replicas, except where the replicas' gradients are equal.

    Args:
        now: the current step.
        found: gets the handle of the optimizer's first variable, and its limit: `clipnorm=1.0`.
    """

    def __init__(self, now: CurrentStep, found: Callable[[Any, str], None]) -> None:
        self._now = now
        self._report = found
        # By the id of the optimizer, which is kept so that the id stays unique.
        self._found: dict[int, Any] = {}
        # The shapes of the values that each replica has reduced since it last clipped.
        self._reduced: dict[int, Counter[Shape]] = {}

    def reduced(self, result: Any) -> None:
        """A replica has all-reduced values, which may be its gradients."""
        if (replica := self._now.replica()) is not None:
            self._reduced.setdefault(replica, Counter()).update(_shapes(result))

    def clipped(self, optimizer: Any, gradients: Any) -> None:
        """An optimizer is about to clip gradients, if it is set to."""
        replica = self._now.replica()
        if replica is None or not _limit(optimizer) or id(optimizer) in self._found:
            return
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        # Gradients that the program has reduced itself are equal on all replicas.
        alike = _shapes(gradients) <= self._reduced.pop(replica, Counter())
        if replicas > 1 and not alike:
            self._found[id(optimizer)] = optimizer
            # The first variable of an optimizer is created with it.
            counter = components(optimizer._iterations.value)[0]
            self._report(counter.handle, _limit(optimizer))


def _limit(optimizer: Any) -> str:
    """The argument that limits the gradients; empty if there is none."""
    limits = ((name, getattr(optimizer, name, None)) for name in _LIMITS)
    return next((f"{name}={limit}" for name, limit in limits if limit and limit > 0), "")


def _shapes(values: Any) -> Counter[Shape]:
    tensors = (each for each in tf.nest.flatten(values) if each is not None)
    return Counter(_shape(each.shape) for each in tensors)


def _shape(shape: Any) -> Shape:
    return tuple(shape.as_list()) if shape.rank is not None else None
