"""Counts the steps in one call of a tf.function that has `strategy.run` in a loop."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.library_names import LOOP_BODY


class LoopSteps:
    """The steps in a call of the function that is called most.

    Keras' `steps_per_execution` makes a loop of steps, and so does `for batch in dataset` in a
    tf.function. An operation beside the first `strategy.run` of the loop counts how often it runs.
    """

    def __init__(self) -> None:
        self._body: Any = ()
        """The class of the graph of a loop's body; without it nothing is counted."""
        self._graphs: weakref.WeakSet[Any] = weakref.WeakSet()
        """The graphs of the tf.functions that count."""
        self._counters: dict[Any, Any] = {}
        """The resource that counts the steps of each tf.function with a loop."""
        self._calls: Counter[Any] = Counter()
        """How often each tf.function was called; None stands for none."""

    @property
    def of_a_call(self) -> float:
        """The mean number of steps in a call; 1 where no loop was seen."""
        for function, calls in self._calls.most_common(1):
            if (counter := self._counters.get(function)) is not None:
                steps = tf.raw_ops.ReadVariableOp(resource=counter, dtype=tf.int64)
                return int(steps) / calls or 1.0
        return 1.0

    def start(self) -> None:
        """Count from now on.

        Raises:
            BlindError: this TensorFlow has no such private name.
        """
        self._body = LOOP_BODY.find()

    def call_begins(self, function: Any) -> None:
        """A call of the step begins, of a tf.function or of none."""
        self._calls[function] += 1

    def run_is_traced(self, function: Any) -> None:
        """`strategy.run` is being traced, within this tf.function."""
        graphs = list(_graphs())
        if graphs[-1] in self._graphs or not any(isinstance(each, self._body) for each in graphs):
            return
        self._graphs.add(graphs[-1])
        with tf.device("CPU:0"):
            if function not in self._counters:
                with tf.init_scope():
                    self._counters[function] = _zero(f"testbed_loop_steps_{len(self._counters)}")
            one = tf.ones([], tf.int64)
            tf.raw_ops.AssignAddVariableOp(resource=self._counters[function], value=one)


def _zero(name: str) -> Any:
    """A resource that holds 0; a tf.Variable would be one of the strategy."""
    with tf.device("CPU:0"):
        resource = tf.raw_ops.VarHandleOp(dtype=tf.int64, shape=[], shared_name=name)
        tf.raw_ops.AssignVariableOp(resource=resource, value=tf.zeros([], tf.int64))
    return resource


def _graphs() -> Iterator[Any]:
    """The graph that is being built, and those around it, up to that of the outermost function."""
    graph = tf.compat.v1.get_default_graph()
    while hasattr(graph, "outer_graph"):
        yield graph
        graph = graph.outer_graph
