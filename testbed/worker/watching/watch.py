"""Watches somebody's own code: passes on what happens to those who keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.check.seen import (
    READING,
    Leak,
    NoGradient,
    ProgramError,
    SourceLine,
    Truth,
    Unused,
    WorkerObservations,
)
from testbed.worker.strategy import replica_devices
from testbed.worker.watching.data.draws import DRAWING, Draws
from testbed.worker.watching.data.inputs import OF_DATA, Data
from testbed.worker.watching.python_state.object_graph import held_by
from testbed.worker.watching.python_state.python_calls import PythonCalls
from testbed.worker.watching.python_state.state import State
from testbed.worker.watching.stack import author_lines, author_place
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.traces.calls import Calls
from testbed.worker.watching.variables.collectives import Collectives
from testbed.worker.watching.variables.made import Variables

_KEPT_OBJECTS = 100


class Watching:
    """What one worker does; see `testbed.worker.watching.watcher.Watch`."""

    def __init__(self, worker: int, replicas: int) -> None:
        self.worker = worker
        self.replicas = replicas
        self.objects: list[Any] = []
        """What replica functions and tf.functions are bound to, to be looked at in the end."""
        self._now = CurrentStep()
        self._variables = Variables(self._now)
        self._collectives = Collectives(self._now)
        self._state = State()
        self._calls = Calls()
        self._python = PythonCalls(self._calls.python_lines)
        self._data = Data(self._variables.values.distributed)
        self._draws = Draws(self._variables.number_of)
        self._strategies: dict[int, Any] = {}
        self._made: list[tuple[Any, SourceLine]] = []
        self._truths: dict[SourceLine | None, str] = {}
        self._without_gradient: dict[SourceLine | None, str] = {}
        self._step: Callable[..., Any] | None = None
        # How many calls of tf.functions go on, one within the other.
        self._nested = 0

    def made(self, strategy: Any) -> None:
        """See `Watch.made`."""
        if place := author_place().place:
            self._made.append((strategy, place))

    def scope_entered(self, scope: Any) -> None:
        """See `Watch.scope_entered`."""
        self._now.scopes.entered(scope)

    def scope_left(self, scope: Any) -> None:
        """See `Watch.scope_left`."""
        self._now.scopes.left(scope)

    def asked(self, name: Any, initial: Any) -> None:
        """See `Watch.asked`."""
        self._variables.asked(name, initial)

    def born(self, variable: Any) -> None:
        """See `Watch.born`."""
        self._variables.born(variable)

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """See `Watch.operation`."""
        if self._variables.values.looking:
            return
        number = self._variables.operation(kind, inputs, outputs)
        if number is not None:
            distributed = self._variables.births[number].distributed
            if self._now.depth and kind not in READING and distributed:
                self._data.wrote(self._variables.values.get(number))
        elif kind in OF_DATA:
            self._data.operation(kind, inputs, outputs, self._now.replica())
        elif kind in DRAWING:
            replica, step = self._now.replica(), self._data.step
            if replica is not None and step is not None:
                self._draws.drawn(kind, inputs, outputs, replica, step)

    def replayed(self, kind: str, inputs: Any) -> None:
        """See `Watch.replayed`."""
        self._variables.replayed(kind, inputs)

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_begins`."""
        self._strategies.setdefault(id(strategy), strategy)
        if not self._now.depth:
            self._begin_step()
            self._remember(step)
            self._state.before(step)
        self._now.depth += 1
        self._step = step if self._now.depth == 1 else self._step

    def run_given(self, strategy: Any, step: Callable[..., Any], arguments: Any) -> None:
        """See `Watch.run_given`."""
        self._data.run_begins(strategy, step, arguments)

    def replica_pauses(self, replica: int) -> None:
        """See `Watch.replica_pauses`."""
        if self._now.depth == 1 and self._step is not None:
            self._state.turn(self._step, replica)

    def replica_asked(self) -> None:
        """See `Watch.replica_asked`."""
        if self._data.step is not None and self._now.replica() is not None:
            self._data.step.asked = True

    def meets(self, what: Any) -> None:
        """See `Watch.meets`."""
        if (replica := self._now.replica()) is not None:
            self._now.meetings.met(replica, what, author_lines())

    def run_over(self, result: Any) -> None:
        """See `Watch.run_over`."""
        self._data.run_ends(result)

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_ends`."""
        self._now.depth -= 1
        if not self._now.depth:
            self._state.after(step)
            self._now.meetings.run_ends()

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """See `Watch.function_called`."""
        self._data.function_begins(function, (args, kwargs))
        self._begin_step()
        self._remember(function)
        if not (self._now.depth or self._nested):
            self._python.before(function)
        self._nested += 1
        self._calls.called(function, args, kwargs, len(self._variables.births))

    def function_over(self, result: Any) -> None:
        """See `Watch.function_over`."""
        self._data.function_ends(result)
        self._nested -= 1
        function = self._calls.going_on
        traced = self._calls.returned(len(self._variables.births))
        if not (self._now.depth or self._nested):
            self._python.after(function, traced=traced)

    def python_called(self, function: Callable[..., Any]) -> None:
        """See `Watch.python_called`."""
        self._python.made(function, by_replica=self._now.who().startswith("replica"))

    def gradient(self, sources: Any, gradients: Any) -> None:
        """See `Watch.gradient`."""
        asked = tf.nest.flatten(sources)
        if asked and all(each is None for each in tf.nest.flatten(gradients)):
            name = str(getattr(asked[0], "name", type(asked[0]).__name__))
            self._without_gradient.setdefault(author_place().place, name)

    def taken_for_true(self, value: Any) -> None:
        """See `Watch.taken_for_true`."""
        self._truths.setdefault(author_place().place, type(value).__name__)

    def reduced(self, how: str, value: Any) -> None:
        """See `Watch.reduced`."""
        self._data.reduced(how, value)

    def collective(self, kind: str, value: Any) -> None:
        """See `Watch.collective`."""
        self._collectives.add(kind, value)

    def seen(self, raised: ProgramError | None, leaks: tuple[Leak, ...]) -> WorkerObservations:
        """All that was seen, with the values that variables have now."""
        meetings, gradients = self._now.meetings, self._without_gradient
        return WorkerObservations(
            worker=self.worker,
            replicas=self.replicas or self._most_replicas(),
            strategies=tuple(type(each).__name__ for each in self._strategies.values()),
            unused=tuple(self._unused()),
            steps=self._now.steps,
            births=tuple(self._variables.seen()),
            accesses=tuple(self._variables.accesses()),
            crossed=tuple(meetings.crossed),
            mixed_up=tuple(meetings.mixed_up),
            truths=tuple(Truth(kind, place) for place, kind in self._truths.items()),
            no_gradients=tuple(NoGradient(name, place) for place, name in gradients.items()),
            changes=(*self._state.changes(), *self._python.changes()),
            stored=tuple(self._state.stored()),
            frozen=tuple(self._calls.frozen()),
            retraced=tuple(self._calls.retraced()),
            leaks=leaks,
            mixed=tuple(self._calls.mixed.values()),
            collectives=tuple(self._collectives.kept),
            given=tuple(self._data.given()),
            taken=tuple(self._data.taken()),
            draws=tuple(self._draws.seen()),
            raised=raised,
        )

    def _unused(self) -> Iterator[Unused]:
        used = [*self._strategies.values(), *self._variables.strategies]
        for strategy, place in self._made:
            if all(strategy is not each for each in used):
                yield Unused(type(strategy).__name__, strategy.num_replicas_in_sync, place)

    def _most_replicas(self) -> int:
        return max((len(replica_devices(s)) for s in self._strategies.values()), default=1)

    def _remember(self, step: Callable[..., Any]) -> None:
        for name, held, _ in held_by(step):
            known = any(held is each for each in self.objects)
            if name == "self" and not known and len(self.objects) < _KEPT_OBJECTS:
                self.objects.append(held)

    def _begin_step(self) -> None:
        if self._now.is_step:
            self._variables.values.look(self._now.steps)
            self._now.steps += 1
