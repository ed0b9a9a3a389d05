"""Keeps what happens to the variables of somebody's own code: births, reads, writes, values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.seen import READING, SAME, Access, Birth, Collective, Leak, Place, Raised, Seen
from testbed.worker.calls import Calls
from testbed.worker.probes import captured_from, encode
from testbed.worker.python_calls import PythonCalls
from testbed.worker.reach import held_by
from testbed.worker.state import State
from testbed.worker.strategy import replica_devices
from testbed.worker.summary import WHOLE, summary
from testbed.worker.watcher import author_place
from testbed.worker.writes import WRITING, who

_ADDING = ("AssignAddVariableOp", "AssignSubVariableOp")

# Variables are kept for their last values; what a check holds in memory has to end somewhere.
_KEPT_BYTES = 2**30
_KEPT_COLLECTIVES = 10_000
_KEPT_OBJECTS = 100
# Of a graph, before it is taken for too large to depend on nothing.
_LOOKED_AT = 200

Key = tuple[int, int, str, str, "Place | None"]


@dataclass
class _Count:
    count: int = 0
    delta: Any = None
    deltas: int = 0


@dataclass
class Watching:
    """What one worker does; see `testbed.worker.watcher.Watch`."""

    worker: int
    replicas: int
    births: list[Birth] = field(default_factory=list)
    collectives: list[Collective] = field(default_factory=list)
    strategies: dict[int, Any] = field(default_factory=dict)
    steps: int = 0
    objects: list[Any] = field(default_factory=list)
    """What replica functions and tf.functions are bound to, to be looked at in the end."""

    def __post_init__(self) -> None:
        self._depth = 0
        self._step: Callable[..., Any] | None = None
        self._kept: dict[int, Any] = {}
        self._bytes = 0
        self._copies: dict[int, tuple[int, int]] = {}
        self._accesses: dict[Key, _Count] = {}
        self._state = State()
        self._calls = Calls()
        self._python = PythonCalls(self._calls.python_lines)
        # How many calls of tf.functions go on, one within the other.
        self._nested = 0
        self._traced_collectives: set[Collective] = set()

    def born(self, variable: Any) -> None:
        """See `Watch.born`."""
        distributed = isinstance(variable, tf.distribute.DistributedValues)
        if not distributed and id(variable.handle) in self._copies:
            # What an assignment returns is another object for the same variable.
            return
        place, libraries = author_place()
        number = len(self.births)
        components = list(variable._values) if distributed else [variable]
        for copy, component in enumerate(components):
            known = self._copies.get(id(component.handle))
            if known is not None and known[0] < number and distributed:
                # What was one variable until now is a copy of this one.
                self.births[known[0]] = replace(self.births[known[0]], number=-1)
                self._kept.pop(known[0], None)
            self._copies[id(component.handle)] = (number, copy)
        self.births.append(
            Birth(
                number=number,
                name=str(variable.name),
                type=type(variable).__name__,
                place=place,
                libraries=libraries,
                in_scope=tf.distribute.has_strategy(),
                distributed=distributed,
                synchronization=variable.synchronization.name,
                aggregation=variable.aggregation.name,
                shape=_shape(variable),
                dtype=variable.dtype.name,
                step=self.steps,
            )
        )
        self._keep(number, variable)

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """See `Watch.operation`."""
        if kind == "VarHandleOp":
            # The id of a handle that is gone may be this one's.
            self._copies.pop(id(outputs[0]), None)
        elif inputs and (kind in READING or kind.startswith(WRITING)):
            found = self._copies.get(id(captured_from(inputs[0])))
            if found is not None:
                self._access(found, kind, inputs)

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_begins`."""
        self.strategies.setdefault(id(strategy), strategy)
        if not self._depth:
            self._begin_step()
            self._remember(step)
            self._state.before(step)
        self._depth += 1
        self._step = step if self._depth == 1 else self._step

    def replica_pauses(self, replica: int) -> None:
        """See `Watch.replica_pauses`."""
        if self._depth == 1 and self._step is not None:
            self._state.turn(self._step, replica)

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_ends`."""
        self._depth -= 1
        if not self._depth:
            self._state.after(step)

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """See `Watch.function_called`."""
        self._begin_step()
        self._remember(function)
        if not (self._depth or self._nested):
            self._python.before(function)
        self._nested += 1
        self._calls.called(function, args, kwargs, len(self.births))

    def function_returned(self) -> None:
        """See `Watch.function_returned`."""
        self._nested -= 1
        function = self._calls.going_on
        traced = self._calls.returned(len(self.births))
        if not (self._depth or self._nested):
            self._python.after(function, traced=traced)

    def python_called(self, function: Callable[..., Any]) -> None:
        """See `Watch.python_called`."""
        self._python.made(function, by_replica=who(running=self._depth > 0).startswith("replica"))

    def seen(self, raised: Raised | None, leaks: tuple[Leak, ...]) -> Seen:
        """All that was seen, with the values that variables have now."""
        return Seen(
            worker=self.worker,
            replicas=self.replicas or self._most_replicas(),
            strategies=tuple(type(each).__name__ for each in self.strategies.values()),
            steps=self.steps,
            births=tuple(
                replace(birth, copies=self._values(birth.number))
                for birth in self.births
                if birth.number >= 0
            ),
            accesses=tuple(
                Access(variable, copy, operation, who, place, found.count, found.delta)
                for (variable, copy, operation, who, place), found in self._accesses.items()
            ),
            changes=(*self._state.changes(), *self._python.changes()),
            frozen=tuple(self._calls.frozen()),
            stored=tuple(self._state.stored()),
            retraced=tuple(self._calls.retraced()),
            leaks=leaks,
            mixed=tuple(self._calls.mixed.values()),
            collectives=tuple(self.collectives),
            raised=raised,
        )

    def _most_replicas(self) -> int:
        return max((len(replica_devices(s)) for s in self.strategies.values()), default=1)

    def _remember(self, step: Callable[..., Any]) -> None:
        for name, held, _ in held_by(step):
            known = any(held is each for each in self.objects)
            if name == "self" and not known and len(self.objects) < _KEPT_OBJECTS:
                self.objects.append(held)

    def _begin_step(self) -> None:
        # What is called within a tf.function is a part of it.
        if not (self._depth or tf.inside_function()):
            self.steps += 1

    def _access(self, found: tuple[int, int], kind: str, inputs: Any) -> None:
        place, _ = author_place()
        key = (*found, kind, who(running=self._depth > 0), place)
        known = self._accesses.setdefault(key, _Count())
        known.count += 1
        if kind in _ADDING:
            delta = _constant(inputs[1])
            known.delta = delta if known.deltas == 0 or known.delta == delta else None
            known.deltas += 1

    def collective(self, kind: str, value: Any) -> None:
        """See `Watch.collective`."""
        first = tf.nest.flatten(value)[0]
        while isinstance(first, tuple):
            first = first[0]
        place, _ = author_place()
        shape, dtype = str(getattr(first, "shape", "")), getattr(first, "dtype", None)
        each = Collective(kind, shape, str(getattr(dtype, "name", "")), place)
        if tf.inside_function():
            # How often something is traced is each worker's own affair.
            if each in self._traced_collectives:
                return
            self._traced_collectives.add(each)
        if len(self.collectives) < _KEPT_COLLECTIVES:
            self.collectives.append(each)

    def _keep(self, number: int, variable: Any) -> None:
        elements = int(numpy.prod([size or 1 for size in _shape(variable) or ()]))
        self._bytes += elements * variable.dtype.size
        if self._bytes <= _KEPT_BYTES:
            self._kept[number] = variable

    def _values(self, number: int) -> tuple[Any, ...]:
        variable = self._kept.get(number)
        if variable is None:
            return ()
        distributed = isinstance(variable, tf.distribute.DistributedValues)
        components = list(variable._values) if distributed else [variable]
        try:
            return tuple(summary(component.numpy()) for component in components)
        except Exception:
            # Of a graph, or never initialised.
            return ()


def _constant(tensor: Any) -> Any:
    """The value of a number that depends on no data, or SAME where only that is known."""
    value = tf.get_static_value(tensor)
    if value is not None:
        return encode(value) if numpy.size(value) <= WHOLE else SAME
    return SAME if tf.is_symbolic_tensor(tensor) and _is_of_constants(tensor) else None


def _is_of_constants(tensor: Any) -> bool:
    """Whether what a graph computes begins with constants alone."""
    waiting, seen = [tensor.op], set[str]()
    while waiting and len(seen) < _LOOKED_AT:
        operation = waiting.pop()
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if not operation.inputs and operation.type != "Const":
            return False
        if operation.op_def.is_stateful:
            return False
        waiting += [each.op for each in operation.inputs]
    return not waiting


def _shape(variable: Any) -> tuple[int | None, ...] | None:
    return tuple(variable.shape.as_list()) if variable.shape.rank is not None else None
