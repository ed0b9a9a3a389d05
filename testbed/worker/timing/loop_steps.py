"""Counts the steps in one call of a tf.function that has `strategy.run` in a loop."""

from __future__ import annotations

import contextlib
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.library_names import LOOP_BODY
from testbed.worker.watching.replacing import Method, replaced


class LoopSteps:
    """The steps in a call of the function that is called most.

    Keras' `steps_per_execution` makes a loop of steps, and so does `for batch in dataset` in a
    tf.function. An operation beside the first `strategy.run` of the loop counts how often it runs.

    Args:
        outermost: gives the outermost tf.function that this thread calls.
    """

    def __init__(self, outermost: Callable[[], Any]) -> None:
        self._outermost = outermost
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

    def call_begins(self, function: Any) -> None:
        """A call of the step begins, of a tf.function or of none."""
        self._calls[function] += 1

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
        if graphs[-1] in self._graphs or not any(isinstance(each, body) for each in graphs):
            return
        self._graphs.add(graphs[-1])
        function = self._outermost()
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
    """The graph that is being built, and those around it."""
    graph = tf.compat.v1.get_default_graph()
    while hasattr(graph, "outer_graph"):
        yield graph
        graph = graph.outer_graph
