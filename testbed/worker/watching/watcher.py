"""What a watch is told of somebody's own code, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol


class Watch(Protocol):
    """Is told what happens."""

    def asked(self, name: Any, initial: Any) -> None:
        """Somebody asks for a variable of that name and initial value, which may be a function."""

    def taken_for_true(self, value: Any) -> None:
        """Python asks for the truth of what has several values, and takes it for true."""

    def born(self, variable: Any) -> None:
        """A variable is made, or what distributes several that were made just before."""

    def made(self, strategy: Any) -> None:
        """A strategy is made."""

    def scope_entered(self, scope: Any) -> None:
        """This thread has entered a strategy's scope, by a context manager."""

    def scope_left(self, scope: Any) -> None:
        """It is about to leave it."""

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """This thread, or a replica that it started, runs an operation or adds it to a graph."""

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """`strategy.run` is called."""

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """It is over, whether it raised or not."""

    def replica_pauses(self, replica: int) -> None:
        """A replica of this worker ends its function, or waits for the others within it."""

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """A tf.function is about to be called."""

    def replayed(self, kind: str, inputs: Any) -> None:
        """A trace is run that holds this operation, on what it has captured."""

    def meets(self, what: Any) -> None:
        """A replica of several in this process comes to where all of them have to come.

        `what` is the variable that it is about, if it is about one.
        """

    def gradient(self, sources: Any, gradients: Any) -> None:
        """A tape has found these gradients of these sources."""

    def function_over(self, result: Any) -> None:
        """It has returned; without a result where it raised."""

    def run_given(self, strategy: Any, step: Callable[..., Any], arguments: Any) -> None:
        """What the replicas of the run that begins are given."""

    def run_over(self, result: Any) -> None:
        """What a run returned, before it ends; without a result where it raised."""

    def reduced(self, how: str, value: Any) -> None:
        """What replicas hold is about to be reduced by `SUM` or `MEAN`, or brought together by
        `GATHER`."""

    def replica_asked(self) -> None:
        """What is not TensorFlow asks for the number of a replica."""

    def python_called(self, function: Callable[..., Any]) -> None:
        """What is run or traced here calls a Python function, as tf.py_function does."""

    def collective(self, kind: str, value: Any) -> None:
        """Values of all replicas, and so of all workers, are about to be brought together."""


class Timed:
    """Passes on what happens, and adds up how long that takes."""

    def __init__(self, watch: Watch) -> None:
        self.seconds = 0.0
        self._watch = watch

    def __getattr__(self, name: str) -> Callable[..., None]:
        told = getattr(self._watch, name)

        def tell(*args: Any) -> None:
            began = time.perf_counter()
            try:
                told(*args)
            finally:
                self.seconds += time.perf_counter() - began

        # Found at once the next time.
        setattr(self, name, tell)
        return tell
