"""Hooks into Keras 3, which has no public way to observe the same.

As in `hooks`, each private use says on which version it was seen to work.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.events import Events
from testbed.worker.watching.replacing import after, before

# What `fit` of Keras takes where the program gives no batch size.
_BATCH_SIZE = 32


@contextlib.contextmanager
def clipping(events: Events) -> Iterator[None]:
    """Emits `gradients_clipped` and `reduced_in_replica`.

    Private: no public method of an optimizer is called between the gradients of a replica and their
    sum. `import tensorflow` has imported Keras, except where tf.keras is tf_keras. Seen on Keras
    3.15.
    """
    module = sys.modules.get("keras.src.optimizers.base_optimizer")

    def clipped(self: Any, gradients: Any, *_: Any, **__: Any) -> None:
        events.gradients_clipped(self, gradients)

    def reduced(result: Any, *_: Any, **__: Any) -> None:
        # Two frames up is the caller of the hooked method.
        if "/keras/src/" not in sys._getframe(2).f_code.co_filename:
            events.reduced_in_replica(result)

    with contextlib.ExitStack() as hooked:
        if module is not None:
            hooked.enter_context(before(events, module.BaseOptimizer, "_clip_gradients", clipped))
            owner = tf.distribute.ReplicaContext
            hooked.enter_context(after(events, owner, "all_reduce", reduced))
        yield


@contextlib.contextmanager
def fits(events: Events) -> Iterator[None]:
    """Emits `fit_called`.

    Private: the class whose `fit` every model of Keras 3 inherits. Seen on Keras 3.15.
    """
    module = sys.modules.get("keras.src.backend.tensorflow.trainer")
    if module is None:
        yield
        return

    def called(
        _: Any, x: Any = None, y: Any = None, batch_size: Any = None, *__: Any, **___: Any
    ) -> None:
        # A dataset has batches already.
        if y is not None:
            events.fit_called(int(batch_size or _BATCH_SIZE))

    with before(events, module.TensorFlowTrainer, "fit", called):
        yield
