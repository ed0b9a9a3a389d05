"""The hook that observes every operation, for checks and for the beds of scenarios and tests."""

from __future__ import annotations

import tensorflow as tf

from testbed.worker.probes import observing_ops
from testbed.worker.watching.declared_hook import DeclaredHook, Proof
from testbed.worker.watching.library_names import OP_CALLBACK, OP_CALLBACK_REMOVED


def _do_nothing() -> None:
    with tf.Graph().as_default():
        tf.no_op()


OPERATIONS = DeclaredHook(
    "operations (writes, random draws, lookup tables)",
    lambda events: observing_ops(events.operation),
    (OP_CALLBACK, OP_CALLBACK_REMOVED),
    Proof("operation", _do_nothing),
)
