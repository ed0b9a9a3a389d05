"""Records the first steps of a small program in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from testbed.check.observations.seen import WorkerObservations
from testbed.check.parity.first_steps import FirstStep, FirstSteps, Update
from testbed.check.rules.words import bare
from testbed.worker.watching.hooks import watching
from testbed.worker.watching.parity.first_steps import FirstStepsRecorder
from testbed.worker.watching.watchers import Watchers


@dataclass(frozen=True)
class Recorded:
    """The first steps of a program, with the observations that name its variables."""

    first: FirstSteps
    seen: WorkerObservations
    enough: int
    """How often the recorder said that the first steps are over."""

    @property
    def steps(self) -> tuple[FirstStep, ...]:
        """The recorded steps."""
        return self.first.steps

    def name(self, number: int) -> str:
        """The name of a variable."""
        return next(bare(each.name) for each in self.seen.births if each.number == number)

    def updates(self, step: int = 0) -> dict[str, Update]:
        """The updates of a step by the names of the variables."""
        return {self.name(each.variable): each for each in self.steps[step].updates}

    def deltas(self, step: int = 0) -> dict[str, tuple[float, ...]]:
        """The changes of a step by the names of the variables."""
        return {name: each.delta for name, each in self.updates(step).items()}


def recorded(program: Callable[[], object]) -> Recorded:
    """What the recorder knows of a program; no watcher may fail meanwhile."""
    watchers, calls = Watchers(worker=0), list[None]()
    recorder = FirstStepsRecorder(
        watchers.events, watchers.now, watchers.variables, lambda: calls.append(None)
    )
    with watching(watchers.events):
        program()
    first = recorder.recorded()
    seen = watchers.observations(None, ())
    assert seen.failures == ()
    return Recorded(first, seen, len(calls))
