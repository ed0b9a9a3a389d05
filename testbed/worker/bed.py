"""The bed in a worker: creates objects at the case's site, runs steps, reads claimed values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.catalogue.scenario import Case
from testbed.launcher.server.channel import Channel
from testbed.verdict.reading import Claim, ClaimReading, Reading
from testbed.worker.probes import encode, read
from testbed.worker.writes import Writes

# pytest reads this, and hides our frames in the traceback of a failed test.
__tracebackhide__ = True


class WorkerBed:
    """Implements `testbed.Bed`, the interface that scenarios use."""

    def __init__(
        self, case: Case, strategy: Any, worker: int, folder: Path, channel: Channel
    ) -> None:
        self.case = case
        self.strategy = strategy
        self.worker = worker
        self._folder = folder
        self.findings: list[ClaimReading] = []
        self._channel = channel
        self._writes = Writes(strategy)
        self._steps = 0
        self._calls: dict[Callable[..., Any], Callable[..., Any]] = {}
        self._coordinator: Any = (
            tf.distribute.coordinator.ClusterCoordinator(strategy)
            if case.strategy == "parameter_server"
            else None
        )

    def __repr__(self) -> str:
        return f"<bed of worker {self.worker} on {self.case.deployment}>"

    @property
    def folder(self) -> Path:
        """The shared folder of the case, created at the first use."""
        self._folder.mkdir(exist_ok=True)
        return self._folder

    def make(self, create: Callable[..., Any], *args: Any) -> Any:
        """Call `create` at the case's site, and record the writes of its operations."""
        self._channel.phase("making")
        with self._writes.watched():
            if self.case.site == "in_replica":
                return self._call_of(create)(*args)
            if self.case.site == "in_scope":
                with self.strategy.scope():
                    return create(*args)
            return create(*args)

    def data(self, of_replica: Callable[[int], Any]) -> Any:
        """Create one tensor per replica; `of_replica` gets the number among all replicas."""
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.convert_to_tensor(of_replica(context.replica_id_in_sync_group))
        )

    def run(self, step: Callable[..., Any], *args: Any, times: int = 1) -> Any:
        """Take `times` steps, and report a phase for each."""
        call, result = self._call_of(step), None
        for _ in range(times):
            self._step_begins()
            with self._writes.watched():
                result = call(*args)
        return result

    def phase(self, name: str) -> None:
        """Report a phase to the launching process."""
        self._channel.phase(name)

    def claim(
        self,
        subject: Any,
        *,
        value: Any = None,
        equal: bool = False,
        mirrored: bool = False,
        same_as: Any = None,
        start: float = 0.0,
        per_replica: Sequence[Any] | None = None,
        stale: Any = None,
    ) -> None:
        """Read the subject now, and keep the reading with the claim for the report."""
        shared = same_as is not None
        claim = Claim(
            value=encode(value),
            equal=equal,
            mirrored=mirrored,
            shared=shared,
            start=_finite(start),
            per_replica=None if per_replica is None else [encode(each) for each in per_replica],
            stale=encode(stale),
        )
        self._channel.phase("claiming")
        self.findings.append(
            ClaimReading(
                claim,
                self._read(subject),
                other=self._read(same_as) if shared else None,
                identical=(subject is same_as) if shared else None,
            )
        )

    def _step_begins(self) -> None:
        self._steps += 1
        self._channel.phase(f"step {self._steps}")

    def _read(self, subject: Any) -> Reading:
        return read(subject, self.strategy, self._writes.of)

    def _call_of(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """A function that runs a step on all replicas, in the case's mode; cached per step."""
        if step not in self._calls:

            def call(*args: Any) -> Any:
                return self.strategy.run(step, args)

            if self.case.mode != "eager":
                call = tf.function(call, jit_compile=self.case.mode == "compiled" or None)
            self._calls[step] = self._scheduled(call) if self._coordinator else call
        return self._calls[step]

    def _scheduled(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call as a chief schedules it: any free worker runs it."""

        def schedule(*args: Any) -> Any:
            result = self._coordinator.schedule(call, args=args)
            self._coordinator.join()
            return result.fetch()

        return schedule


def _finite(start: Any) -> float:
    number = float(start)
    if not math.isfinite(number):
        raise ValueError(f"start={number} is not a finite number")
    return number
