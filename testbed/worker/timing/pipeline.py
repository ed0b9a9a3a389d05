"""Records how a program builds its input: the transformations of tf.data, with their lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.orders.timed import PipelinePart
from testbed.worker.timing.rows import Rows
from testbed.worker.watching.distributed_datasets import distributing
from testbed.worker.watching.library_names import BATCH_SIZE
from testbed.worker.watching.replacing import Method, owner_of, replaced
from testbed.worker.watching.stack import calling_line

_MADE = (
    "map",
    "filter",
    "flat_map",
    "interleave",
    "cache",
    "prefetch",
    "shuffle",
    "batch",
    "padded_batch",
    "shard",
    "from_generator",
)
_MOST = 100


class Pipeline:
    """The transformations that the program calls.

    Args:
        rows: learns the rows that the distributed dataset states.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.parts: list[PipelinePart] = []

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Record the transformations of the block."""
        kind = tf.data.Dataset
        with contextlib.ExitStack() as hooked:
            for name in _MADE:
                hooked.enter_context(replaced(owner_of(kind, name), name, self._method(name)))
            hooked.enter_context(distributing(self._distributed, self._from_function))
            yield

    def _add(self, name: str, is_parallel: bool) -> None:
        place = calling_line()
        if place and len(self.parts) < _MOST:
            part = PipelinePart(name, place, is_parallel)
            if part not in self.parts:
                self.parts.append(part)

    def _method(self, name: str) -> Any:
        def make(original: Method) -> Method:
            def method(*args: Any, **kwargs: Any) -> Any:
                self._add(name, bool(kwargs.get("num_parallel_calls")))
                return original(*args, **kwargs)

            return method

        return make

    def _distributed(self, original: Method) -> Method:
        def method(strategy: Any, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            self._state(dataset, 1)
            return original(strategy, dataset, *args, **kwargs)

        return method

    def _from_function(self, original: Method) -> Method:
        def method(strategy: Any, dataset_fn: Any, *args: Any, **kwargs: Any) -> Any:
            def stating(context: Any) -> Any:
                dataset = dataset_fn(context)
                self._state(dataset, strategy.num_replicas_in_sync)
                return dataset

            return original(strategy, stating, *args, **kwargs)

        return method

    def _state(self, dataset: Any, times: int) -> None:
        """Note the rows of a step, which are `times` times those of an element."""
        if not self._rows.stated and isinstance(dataset, tf.data.Dataset) and BATCH_SIZE.exists:
            self._rows.stated = max(int(BATCH_SIZE.find()(dataset)), 0) * times
