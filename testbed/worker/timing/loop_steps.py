"""Counts the steps in one call of a tf.function that has `strategy.run` in a loop."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.library_names import LOOP_BODY
from testbed.worker.watching.replacing import Method, replaced


class LoopSteps:
    """The steps of all calls, which are more than the calls where a call has a loop.

    Keras' `steps_per_execution` makes such a loop, and so does `for batch in dataset` in a
    tf.function. An operation beside the first `strategy.run` of the loop counts how often it runs.
    """

    def __init__(self) -> None:
        self._graphs: weakref.WeakSet[Any] = weakref.WeakSet()
        """The graphs of the tf.functions that count."""
        self._counter: Any = None
        self._calls = 0

    @property
    def of_a_call(self) -> float:
        """The mean number of steps in a call; 1 where no loop was seen."""
        if self._counter is None or not self._calls:
            return 1.0
        counted = tf.raw_ops.ReadVariableOp(resource=self._counter, dtype=tf.int64)
        return int(counted) / self._calls or 1.0

    def call_begins(self) -> None:
        """A call of the step begins."""
        self._calls += 1

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count the steps of the block.

        Raises:
            BlindError: this TensorFlow has no such private name.
        """
        body = LOOP_BODY.find()

        def counted(original: Method) -> Method:
            def method(*args: Any, **kwargs: Any) -> Any:
                if tf.inside_function():
                    self._count(list(_graphs()), body)
                return original(*args, **kwargs)

            return method

        with replaced(tf.compat.v1.distribute.StrategyExtended, "call_for_each_replica", counted):
            yield

    def _count(self, graphs: list[Any], body: type) -> None:
        """Add the operation that counts to a graph, which is the first of `graphs`.

        Args:
            graphs: the graph, the one around it, up to that of the outermost tf.function.
            body: the class of the graph of a loop's body.
        """
        function = graphs[-1]
        if function in self._graphs or not any(isinstance(each, body) for each in graphs):
            return
        self._graphs.add(function)
        with tf.init_scope(), tf.device("CPU:0"):
            if self._counter is None:
                # A tf.Variable would be one of the strategy.
                self._counter = tf.raw_ops.VarHandleOp(
                    dtype=tf.int64, shape=[], shared_name="testbed_loop_steps"
                )
                tf.raw_ops.AssignVariableOp(resource=self._counter, value=tf.zeros([], tf.int64))
        with tf.device("CPU:0"):
            tf.raw_ops.AssignAddVariableOp(resource=self._counter, value=tf.ones([], tf.int64))


def _graphs() -> Iterator[Any]:
    """The graph that is being built, and those around it."""
    graph = tf.compat.v1.get_default_graph()
    while hasattr(graph, "outer_graph"):
        yield graph
        graph = graph.outer_graph
