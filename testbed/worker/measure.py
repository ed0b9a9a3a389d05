"""Runs a scenario in a worker for a benchmark: a bed that times its steps, reads and writes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.launcher.machine.memory import memory_of_process
from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import Channel
from testbed.orders.case import MEASURE_CASE, Measurement, MeasureOrders
from testbed.verdict.diagnosis import place
from testbed.worker.bed import WorkerBed
from testbed.worker.device_memory import device_memory
from testbed.worker.main import prepare, run_scenario
from testbed.worker.probes import collecting_graphs, copies_of
from testbed.worker.traffic import bytes_moved

# One read or write takes less time than the call of a tf.function; each call does this many.
PER_CALL = 16


class MeasuringBed(WorkerBed):
    """Takes warm-up steps, then times every further step; measures claimed variables.

    Every worker takes the same number of steps, because their collectives must match. So the
    numbers of steps come with the orders, never from a clock.
    """

    def __init__(self, *args: Any, measurement: Measurement) -> None:
        super().__init__(*args)
        self.sizes = measurement.sizes
        """Sizes that a program of the benchmark reads."""
        self.figures: dict[str, Any] = {}
        """Results by name; times in seconds."""
        self._measurement = measurement
        self._gpus = bool(tf.config.list_logical_devices("GPU"))

    def run(self, step: Callable[..., Any], *args: Any, times: int = 1) -> Any:
        """Take and time as many steps as the orders say; `times` is ignored."""
        function: Any = self._call_of(step)
        traced = hasattr(function, "get_concrete_function")
        if traced:
            self.figures["first_trace"] = self._timed(function.get_concrete_function, *args)
        graphs: list[Any] = []
        with collecting_graphs(graphs) if self._measurement.graphs else contextlib.nullcontext():
            self.figures["first_step"] = self._timed(function, *args)
        traces = function.experimental_get_tracing_count() if traced else None
        for _ in range(self._measurement.warm_up):
            self._timed(function, *args)

        def as_run(*args: Any) -> Any:
            return super(MeasuringBed, self).run(step, *args)

        # With `as_run`, the time of a step includes what the bed's own `run` adds to it.
        call = as_run if self._measurement.as_run else function
        self.figures["steps"] = []
        for _ in range(self._measurement.turns or 1):
            if self._measurement.turns:
                self._channel.wait_for_turn()
            self.figures["steps"] += [
                self._timed(call, *args) for _ in range(self._measurement.steps)
            ]
        if traced:
            self.figures["traces"] = traces
            self.figures["retraces"] = function.experimental_get_tracing_count() - traces
            graph = function.get_concrete_function(*args).graph
            self.figures["moved"] = bytes_moved(graphs, graph, self.case.replicas)
        return function(*args)

    def claim(self, subject: Any, **_: Any) -> None:
        """Measure reads and writes of a claimed variable; its value is not compared."""
        copies = copies_of(subject, self.strategy)
        if not copies or self.case.mode == "eager" or not self._measurement.accesses:
            return
        variable = subject if isinstance(subject, tf.Variable) else subject.value
        value = tf.zeros(variable.shape, variable.dtype)

        def read() -> list[Any]:
            return [variable.read_value() for _ in range(PER_CALL)]

        def write() -> None:
            for _ in range(PER_CALL):
                variable.assign_add(value)

        for name, step in (("reads", read), ("writes", write)):
            self.measure(name, self._call_of(step), self._measurement.accesses)
        self.figures["per_call"] = PER_CALL
        self.figures["devices"] = self._memory_of_devices(copies)

    def measure(self, name: str, call: Callable[[], Any], times: int, **facts: Any) -> None:
        """Time `times` calls after one warm-up call; `facts` are stored beside the times."""
        self._timed(call)
        self.figures[name] = {"seconds": [self._timed(call) for _ in range(times)], **facts}

    def _timed(self, call: Callable[..., Any], *args: Any) -> float:
        began = time.perf_counter()
        call(*args)
        if self._gpus:
            # A GPU works asynchronously; on CPUs a call returns when its work is done.
            tf.test.experimental.sync_devices()
        return time.perf_counter() - began

    def _memory_of_devices(self, copies: Sequence[Any]) -> dict[str, int]:
        """Bytes by device: the peak of a GPU, or the size of the variable's copies on a CPU."""
        if gpus := device_memory():
            return {gpu.device: gpu.peak for gpu in gpus}
        held: dict[str, int] = {}
        for copy in copies:
            size = copy.shape.num_elements() * copy.dtype.size
            held[place(copy.device)] = held.get(place(copy.device), 0) + size
        return held


@MEASURE_CASE.implementation
def measure_case(orders: MeasureOrders, channel: Channel) -> None:
    """Measure a case; an exception ends the worker, because a failed benchmark has no figures."""
    if orders.measurement.one_thread:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    # No `require_threads` here: a benchmark has as many threads as a user's program, so that the
    # cost of additional threads is not measured.
    setup = orders.case.setup
    bed = prepare(setup, channel, MeasuringBed, measurement=orders.measurement)
    run_scenario(orders.case, bed, channel)
    figures = {**bed.figures, **memory_of_process()}
    write_json(Path(setup.place.report), figures)
    channel.reported(good=True)
    channel.wait_for_leave()
