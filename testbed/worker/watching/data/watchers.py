"""The watchers of data: what steps get, where it comes from, and what replicas draw."""

from __future__ import annotations

from typing import Any

from testbed.check.observations.operations import READING
from testbed.check.observations.vocabulary import Vocabulary
from testbed.worker.watching.data.draws import DRAWING, MOVING, Draws
from testbed.worker.watching.data.inputs import OF_DATA, Inputs
from testbed.worker.watching.data.pipelines import Pipelines
from testbed.worker.watching.data.text_hashes import TextHashes
from testbed.worker.watching.data.vocabularies import OF_TABLES, Vocabularies
from testbed.worker.watching.events import WatchLog
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.made import Variables


class DataWatchers:
    """Every watcher of data.

    Args:
        now: the current step of the worker.
        variables: the variables of the program.
    """

    def __init__(self, now: CurrentStep, variables: Variables) -> None:
        self._now = now
        self._variables = variables
        self.pipelines = Pipelines()
        self.inputs = Inputs(variables.values.distributed, lambda: self.pipelines.divides)
        self.vocabularies = Vocabularies()
        self.hashes = TextHashes()
        self.draws = Draws(variables.number_of)

    def operation(self, kind: str, inputs: Any, outputs: Any, number: int | None) -> None:
        """Record an operation; `number` is that of the variable on which it works, if any."""
        if kind in OF_TABLES:
            self.vocabularies.operation(kind, inputs, outputs)
        if number is not None:
            distributed = self._variables.births[number].distributed
            if self._now.depth and kind not in READING and distributed:
                self.inputs.wrote(self._variables.values.get(number))
        elif "Dataset" in kind:
            self.pipelines.operation(kind, inputs, outputs)
            self.hashes.operation(kind, inputs)
        elif kind in OF_DATA:
            self.inputs.operation(kind, inputs, outputs, self._now.replica())
        elif kind == MOVING:
            self.draws.moved(inputs)
        elif kind in DRAWING:
            replica, step = self._now.replica(), self.inputs.step
            if replica is not None and step is not None:
                self.draws.drawn(kind, inputs, outputs, replica, step)

    def seen_vocabularies(self, objects: list[Any], log: WatchLog) -> tuple[Vocabulary, ...]:
        """The vocabularies of the program and of these objects; none if looking for them fails."""
        try:
            return (*self.vocabularies.seen(objects), *self.hashes.seen())
        except Exception as problem:
            log.failed("vocabularies", problem)
            return ()
