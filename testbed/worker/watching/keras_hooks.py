"""Hooks into Keras, which has no public way to observe the same."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import tensorflow as tf

from testbed.worker.watching.declared_hook import DeclaredHook
from testbed.worker.watching.events import Events
from testbed.worker.watching.library_names import CLIPPING, FIT, FIT_OF_TF_KERAS, LibraryName
from testbed.worker.watching.replacing import Hook, after, before

# What `fit` of Keras takes where the program gives no batch size.
_BATCH_SIZE = 32


@contextlib.contextmanager
def _clipping(events: Events) -> Iterator[None]:
    """Emits `gradients_clipped` and `reduced_in_replica`."""

    def clipped(self: Any, gradients: Any, *_: Any, **__: Any) -> None:
        events.gradients_clipped(self, gradients)

    def reduced(result: Any, *_: Any, **__: Any) -> None:
        # Two frames up is the caller of the hooked method.
        if "/keras/src/" not in sys._getframe(2).f_code.co_filename:
            events.reduced_in_replica(result)

    with (
        before(events, *CLIPPING.owner(), clipped),
        after(events, tf.distribute.ReplicaContext, "all_reduce", reduced),
    ):
        yield


def _fits(name: LibraryName, events: Events) -> Hook:
    """Emits `fit_called`."""

    def called(
        _: Any, x: Any = None, y: Any = None, batch_size: Any = None, *__: Any, **___: Any
    ) -> None:
        # A dataset has batches already.
        if y is not None:
            events.fit_called(int(batch_size or _BATCH_SIZE))

    return before(events, *name.owner(), called)


KERAS_HOOKS = (
    # Optimizers of Keras 2 clip the sum of all replicas' gradients.
    DeclaredHook(
        "gradients that optimizers clip", _clipping, (CLIPPING,), library="keras", since=3
    ),
    DeclaredHook("batch sizes of fit", partial(_fits, FIT), (FIT,), library="keras"),
    DeclaredHook(
        "batch sizes of fit",
        partial(_fits, FIT_OF_TF_KERAS),
        (FIT_OF_TF_KERAS,),
        library="tf_keras",
    ),
)
