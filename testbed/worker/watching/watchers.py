"""Subscribes every watcher to the events of a user's program, and collects what they observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import (
    NoGradient,
    ProgramError,
    SourceLine,
    Truth,
    Unused,
    VariableCreated,
    WorkerObservations,
)
from testbed.check.observations.traces import Leak
from testbed.worker.strategy import public_name, replica_devices
from testbed.worker.watching.data.watchers import DataWatchers
from testbed.worker.watching.events import Events
from testbed.worker.watching.python_state.object_graph import held_by
from testbed.worker.watching.python_state.python_calls import PythonCalls
from testbed.worker.watching.python_state.state import PythonState
from testbed.worker.watching.stack import author_lines, author_place
from testbed.worker.watching.together.cluster_config import ClusterConfig
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.together.file_uses import FileUses
from testbed.worker.watching.traces.calls import FunctionCalls
from testbed.worker.watching.variables.watchers import VariableWatchers

_KEPT_OBJECTS = 100


class Watchers:
    """Every watcher of one worker.

    Args:
        worker: its number.
    """

    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.objects: list[Any] = []
        """Objects to which replica functions and tf.functions are bound; inspected at the end."""
        self.events = Events()
        self.now = CurrentStep()
        """The current step of the worker."""
        self._of_variables = VariableWatchers(self.now)
        self.variables = self._of_variables.made
        """The variables of the program."""
        self._data = DataWatchers(self.now, self.variables)
        self._state = PythonState()
        self._calls = FunctionCalls()
        self._python = PythonCalls(self._calls.python_lines)
        self._config = ClusterConfig()
        self._files = FileUses(self.now)
        self._strategies: dict[int, Any] = {}
        self._created: list[tuple[Any, SourceLine]] = []
        self._truths: dict[SourceLine | None, str] = {}
        self._without_gradient: dict[SourceLine | None, str] = {}
        self._subscribe_to_runs()
        self._subscribe_to_functions()
        self._subscribe_to_the_rest()

    def observations(
        self, raised: ProgramError | None, leaks: tuple[Leak, ...]
    ) -> WorkerObservations:
        """All observations, with the current values of variables."""
        meetings, gradients = self.now.meetings, self._without_gradient
        births, failed = self._births()
        return WorkerObservations(
            worker=self.worker,
            replicas=self._most_replicas(),
            strategies=tuple(public_name(each) for each in self._strategies.values()),
            unused=tuple(self._unused()),
            steps=self.now.steps,
            births=births,
            failed_steps=failed,
            accesses=tuple(self.variables.accesses()),
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
            not_reused=tuple(self._of_variables.names.found()),
            collectives=tuple(self._of_variables.collectives.kept),
            given=tuple(self._data.inputs.given()),
            taken=tuple(self._data.inputs.taken()),
            sharded=tuple(self._data.pipelines.seen()),
            vocabularies=self._data.seen_vocabularies(self.objects, self.events.log),
            draws=tuple(self._data.draws.seen()),
            late=tuple(self._config.writes()),
            files=tuple(self._files.uses()),
            raised=raised,
            failures=self.events.log.failures,
            blind=self.events.log.blind_spots,
        )

    def _births(self) -> tuple[tuple[VariableCreated, ...], tuple[int, ...]]:
        """All variables with their current values, and the steps that are only partly done."""
        steps, failed = self.now.steps, self.variables.values.failed_steps
        births = tuple(self.variables.seen())
        if self.now.in_function_or_run or self.now.steps > steps:
            # A thread of the program still runs, and may write while its variables are read.
            return births, (*failed, self.now.steps)
        return births, tuple(failed)

    def _subscribe_to_runs(self) -> None:
        """Subscribe to runs; watchers that read the state before a step come before its count."""
        begins, ends = self.events.run_begins, self.events.run_ends
        begins.subscribe("strategies", self._keep_strategy)
        begins.subscribe("variable values", self._outermost(lambda _: self._look_between_steps()))
        begins.subscribe("current step", self._outermost(lambda _: self.now.begins_step()))
        begins.subscribe("objects", self._outermost(self._keep_object))
        begins.subscribe(
            "vocabularies", self._outermost(lambda _: self._data.vocabularies.step_begins())
        )
        begins.subscribe("Python state", self._outermost(self._state.before))
        begins.subscribe("current step", self.now.run_begins)
        self.events.run_arguments.subscribe("data", self._data.inputs.run_begins)
        self.events.run_arguments.subscribe(
            "variables", lambda _, __, arguments: self.variables.given(arguments)
        )
        self.events.replica_pauses.subscribe("Python state", self._replica_pauses)
        self.events.replica_id_read.subscribe("data", self._replica_id_read)
        self.events.replicas_meet.subscribe("meetings", self._replicas_meet)
        self.events.run_result.subscribe("data", self._data.inputs.run_ends)
        ends.subscribe("current step", self.now.run_ends)
        ends.subscribe("Python state", self._outermost(self._state.after))
        ends.subscribe("meetings", self._outermost(lambda _: self.now.meetings.run_ends()))

    def _subscribe_to_functions(self) -> None:
        called, returned = self.events.function_called, self.events.function_returned
        called.subscribe(
            "data", lambda f, args, kwargs: self._data.inputs.function_begins(f, (args, kwargs))
        )
        called.subscribe("variable values", lambda *_: self._look_between_steps())
        called.subscribe("current step", lambda *_: self.now.begins_step())
        called.subscribe("objects", lambda function, *_: self._keep_object(function))
        called.subscribe("Python calls", lambda function, *_: self._before_function(function))
        called.subscribe("current step", lambda *_: self.now.function_begins())
        called.subscribe("traces", self._function_called)
        called.subscribe("files", lambda function, *_: self._files.function_begins(function))
        returned.subscribe("data", self._data.inputs.function_ends)
        returned.subscribe("current step", lambda _: self.now.function_ends())
        returned.subscribe("traces", lambda _: self._function_returned())
        returned.subscribe("files", lambda _: self._files.function_ends())
        self.events.step_failed.subscribe("variable values", self._step_failed)
        self.events.python_called.subscribe("Python calls", self._python_called)

    def _subscribe_to_the_rest(self) -> None:
        events = self.events
        events.strategy_created.subscribe("strategies", self._strategy_created)
        events.strategy_created.subscribe("cluster", self._config.strategy_created)
        events.config_changes.subscribe(
            "cluster", lambda value: self._config.changed(value, self.now.steps)
        )
        events.scope_entered.subscribe("scopes", self.now.scopes.entered)
        events.scope_left.subscribe("scopes", self.now.scopes.left)
        events.variable_requested.subscribe("variables", self.variables.variable_requested)
        events.variable_created.subscribe("variables", self.variables.variable_created)
        events.variable_scope_entered.subscribe("names", self._of_variables.names.entered)
        events.variable_by_name.subscribe("names", self._of_variables.names.given)
        events.operation.subscribe("operations", self._operation)
        events.text_hashed.subscribe("hashes", self._data.hashes.hashed)
        events.run_arguments.subscribe("hashes", lambda *call: self._data.hashes.given(call[2]))
        events.function_called.subscribe("hashes", lambda *call: self._data.hashes.given(call[1:]))
        events.operation_replayed.subscribe("variables", self.variables.replayed)
        events.gradient.subscribe("gradients", self._gradient)
        events.gradients_clipped.subscribe("clipping", self._of_variables.clipped.clipped)
        events.reduced_in_replica.subscribe("clipping", self._of_variables.clipped.reduced)
        events.truth_tested.subscribe("truths", self._truth_tested)
        events.auto_sharded.subscribe("data", self._data.pipelines.auto_sharded)
        events.reduced.subscribe("data", self._data.inputs.reduced)
        events.collective.subscribe("collectives", self._of_variables.collectives.add)
        events.collective.subscribe("files", lambda *_: self._files.collective())
        events.file_used.subscribe("files", self._files.used)
        events.file_lock.subscribe("files", self._files.locked)

    def _outermost(
        self, call: Callable[[Callable[..., Any]], object]
    ) -> Callable[[Any, Callable[..., Any]], None]:
        """Call `call` with the replica function of an outermost run only."""

        def passed_on(_: Any, step: Callable[..., Any]) -> None:
            if not self.now.depth:
                call(step)

        return passed_on

    def _strategy_created(self, strategy: Any) -> None:
        if place := author_place().place:
            self._created.append((strategy, place))

    def _keep_strategy(self, strategy: Any, _: Callable[..., Any]) -> None:
        self._strategies.setdefault(id(strategy), strategy)

    def _keep_object(self, step: Callable[..., Any]) -> None:
        for name, held, _ in held_by(step):
            known = any(held is each for each in self.objects)
            if name == "self" and not known and len(self.objects) < _KEPT_OBJECTS:
                self.objects.append(held)

    def _look_between_steps(self) -> None:
        if self.now.is_between_steps:
            self.variables.values.before_step(self.now.steps)
            self.events.step_begins()

    def _step_failed(self) -> None:
        if self.now.is_between_steps:
            self.variables.values.step_failed(self.now.steps)

    def _operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        if self.variables.values.reading:
            return
        self._files.operation(kind, inputs)
        number = self.variables.operation(kind, inputs, outputs)
        self._data.operation(kind, inputs, outputs, number)

    def _replica_pauses(self, replica: int) -> None:
        if self.now.depth == 1 and self.now.replica_function is not None:
            self._state.replica_paused(self.now.replica_function, replica)

    def _replica_id_read(self) -> None:
        if self._data.inputs.step is not None and self.now.replica() is not None:
            self._data.inputs.step.asked = True

    def _replicas_meet(self, variable: Any) -> None:
        if (replica := self.now.replica()) is not None:
            self.now.meetings.met(replica, variable, author_lines())

    def _before_function(self, function: Any) -> None:
        if not self.now.in_function_or_run:
            self._python.before(function)

    def _function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        self._calls.called(function, args, kwargs, len(self.variables.births))

    def _function_returned(self) -> None:
        function = self._calls.going_on
        traced = self._calls.returned(len(self.variables.births))
        if not self.now.in_function_or_run:
            self._python.after(function, traced=traced)

    def _python_called(self, function: Callable[..., Any]) -> None:
        self._python.traced(function, by_replica=self.now.actor().startswith("replica"))

    def _gradient(self, sources: Any, gradients: Any, _: Any) -> None:
        flat = tf.nest.flatten(sources)
        if flat and all(each is None for each in tf.nest.flatten(gradients)):
            name = str(getattr(flat[0], "name", type(flat[0]).__name__))
            self._without_gradient.setdefault(author_place().place, name)

    def _truth_tested(self, value: Any) -> None:
        self._truths.setdefault(author_place().place, type(value).__name__)

    def _unused(self) -> Iterator[Unused]:
        used = [*self._strategies.values(), *self.variables.strategies]
        for strategy, place in self._created:
            if all(strategy is not each for each in used):
                yield Unused(type(strategy).__name__, strategy.num_replicas_in_sync, place)

    def _most_replicas(self) -> int:
        """The number of replicas of this worker, as its strategies show it."""
        strategies = [*self._strategies.values(), *(each for each, _ in self._created)]
        return max((len(replica_devices(each)) for each in strategies), default=1)
