"""Keeps what happens to the variables of somebody's own code: births, reads, writes, values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import tensorflow as tf

from testbed.check.seen import (
    READING,
    TABLE,
    Access,
    Birth,
    Collective,
    Leak,
    NoGradient,
    Place,
    Raised,
    Seen,
    Truth,
    Unused,
)
from testbed.worker.calls import Calls
from testbed.worker.data import OF_DATA, Data
from testbed.worker.draws import DRAWING, Draws
from testbed.worker.kept import Kept, Values, components, summary
from testbed.worker.meeting import Meetings
from testbed.worker.probes import captured_from, replica_number
from testbed.worker.reach import held_by
from testbed.worker.state import State
from testbed.worker.strategy import replica_devices
from testbed.worker.terms import ADDING, ASSIGNING, Sums, constant, depends_on
from testbed.worker.watcher import author_lines, author_place
from testbed.worker.writes import MERGED, OUTSIDE, WRITING

# The operations that make a table, but for what may stand before their names.
TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable")

_KEPT_COLLECTIVES = 10_000
_KEPT_OBJECTS = 100
# Of the lines by which a collective is reached.
_LINES = 8
# Of what a line reads.
_FIRST = 10

Key = tuple[int, int, str, str, "Place | None"]


@dataclass
class _Count:
    count: int = 0
    delta: Any = None
    deltas: int = 0
    apart: Values = ()
    foreign: bool = False
    called: str = ""
    own: bool | None = None


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
        self._kept = Kept()
        self._copies: dict[int, tuple[int, int]] = {}
        self._strategy_of: dict[int, Any] = {}
        self._made: list[tuple[Any, Place]] = []
        # Of each thread, the initial value of the variable that it asked for last.
        self._starts: dict[int, Any] = {}
        self._truths: dict[Place | None, str] = {}
        self._tables: list[Any] = []
        self._accesses: dict[Key, _Count] = {}
        self._sums = Sums()
        self._known: set[tuple[int, int, str, str]] = set()
        """Accesses without their places."""
        self._state = State()
        self._calls = Calls()
        self._meetings = Meetings()
        self._without_gradient: dict[Place | None, str] = {}
        self._traced_collectives: set[Collective] = set()
        self._data = Data(self._distributed)
        self._draws = Draws(lambda handle: self._copies.get(id(handle), (None,))[0])

    def asked(self, name: Any, initial: Any) -> None:
        """See `Watch.asked`."""
        start = _start(initial)
        who = self._who()
        if who.startswith("replica"):
            self._meetings.asked(replica_number(), (name, start), author_lines())
        self._starts[threading.get_ident()] = start

    def taken_for_true(self, value: Any) -> None:
        """See `Watch.taken_for_true`."""
        self._truths.setdefault(author_place().place, type(value).__name__)

    def born(self, variable: Any) -> None:
        """See `Watch.born`."""
        distributed = isinstance(variable, tf.distribute.DistributedValues)
        if not distributed and id(variable.handle) in self._copies:
            # What an assignment returns is another object for the same variable.
            return
        place, libraries, _ = author_place()
        number = len(self.births)
        for copy, component in enumerate(components(variable)):
            known = self._copies.get(id(component.handle))
            if known is not None and known[0] < number and distributed:
                # What was one variable until now is a copy of this one.
                self.births[known[0]] = replace(self.births[known[0]], number=-1)
                self._kept.drop(known[0])
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
                start=self._starts.get(threading.get_ident()),
                step=self.steps,
            )
        )
        self._strategy_of[number] = tf.distribute.get_strategy()
        self._kept.keep(number, variable)

    def operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        """See `Watch.operation`."""
        if self._kept.looking:
            return
        if kind == "VarHandleOp":
            # The id of a handle that is gone may be this one's.
            self._copies.pop(id(outputs[0]), None)
        elif kind.removeprefix("Anonymous").startswith(TABLES):
            self._table_born(kind, outputs[0])
        elif not tf.inside_function():
            self._sums.computed(kind, inputs, outputs)
        if inputs and (kind in READING or kind.startswith(WRITING)):
            found = self._copies.get(id(captured_from(inputs[0])))
            if found is not None:
                self._access(found, kind, inputs)
                if self._depth and kind not in READING and self.births[found[0]].distributed:
                    self._data.wrote(self._kept.get(found[0]))
        elif kind in OF_DATA:
            self._data.operation(kind, inputs, outputs, self._replica())
        elif kind in DRAWING and self._data.step is not None and self._replica() is not None:
            self._draws.drawn(kind, inputs, outputs, replica_number(), self._data.step)

    def run_given(self, strategy: Any, step: Callable[..., Any], arguments: Any) -> None:
        """See `Watch.run_given`."""
        self._data.run_begins(strategy, step, arguments)

    def run_over(self, result: Any) -> None:
        """See `Watch.run_over`."""
        self._data.run_ends(result)

    def function_over(self, result: Any) -> None:
        """See `Watch.function_over`."""
        self._data.function_ends(result)

    def reduced(self, how: str, value: Any) -> None:
        """See `Watch.reduced`."""
        self._data.reduced(how, value)

    def replica_asked(self) -> None:
        """See `Watch.replica_asked`."""
        if self._data.step is not None and self._replica() is not None:
            self._data.step.asked = True

    def replayed(self, kind: str, inputs: Any) -> None:
        """See `Watch.replayed`."""
        if kind in READING or kind.startswith(WRITING):
            found = self._copies.get(id(captured_from(inputs[0])))
            if found is not None and (*found, kind, self._who()) not in self._known:
                self._access(found, kind, inputs)

    def _table_born(self, kind: str, handle: Any) -> None:
        place, libraries, _ = author_place()
        number = len(self.births)
        self._copies[id(handle)] = (number, 0)
        # As long as it is kept nothing else has its id.
        self._tables.append(handle)
        self.births.append(
            Birth(
                number=number,
                name=kind.removeprefix("Anonymous").removesuffix("V2"),
                type=TABLE,
                place=place,
                libraries=libraries,
                in_scope=tf.distribute.has_strategy(),
                step=self.steps,
            )
        )

    def run_begins(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_begins`."""
        self.strategies.setdefault(id(strategy), strategy)
        if not self._depth:
            self._begin_step()
            self._remember(step)
            self._state.before(step)
        self._depth += 1

    def run_ends(self, strategy: Any, step: Callable[..., Any]) -> None:
        """See `Watch.run_ends`."""
        self._depth -= 1
        if not self._depth:
            self._state.after(step)
            self._meetings.run_ends()

    def function_called(self, function: Any, args: Any, kwargs: Any) -> None:
        """See `Watch.function_called`."""
        self._data.function_begins(function, (args, kwargs))
        self._begin_step()
        self._remember(function)
        self._calls.called(function, args, kwargs)

    def seen(self, raised: Raised | None, leaks: tuple[Leak, ...]) -> Seen:
        """All that was seen, with the values that variables have now."""
        return Seen(
            worker=self.worker,
            replicas=self.replicas or self._most_replicas(),
            strategies=tuple(type(each).__name__ for each in self.strategies.values()),
            unused=tuple(self._unused()),
            steps=self.steps,
            births=tuple(
                replace(
                    birth,
                    copies=self._kept.values(birth.number),
                    looks=self._kept.looks(birth.number),
                )
                for birth in self.births
                if birth.number >= 0
            ),
            accesses=tuple(
                Access(
                    *key,
                    count=found.count,
                    delta=found.delta,
                    apart=found.apart,
                    foreign=found.foreign,
                    called=found.called,
                    own=found.own,
                )
                for key, found in self._accesses.items()
            ),
            crossed=tuple(self._meetings.crossed),
            truths=tuple(Truth(kind, place) for place, kind in self._truths.items()),
            mixed_up=tuple(self._meetings.mixed_up),
            no_gradients=tuple(
                NoGradient(name, place) for place, name in self._without_gradient.items()
            ),
            changes=tuple(self._state.changes()),
            frozen=tuple(self._calls.frozen()),
            leaks=leaks,
            mixed=tuple(self._calls.mixed.values()),
            collectives=tuple(self.collectives),
            given=tuple(self._data.given()),
            taken=tuple(self._data.taken()),
            draws=tuple(self._draws.seen()),
            raised=raised,
        )

    def made(self, strategy: Any) -> None:
        """See `Watch.made`."""
        place = author_place().place
        if place:
            self._made.append((strategy, place))

    def _unused(self) -> Iterator[Unused]:
        used = [*self.strategies.values(), *self._strategy_of.values()]
        for strategy, place in self._made:
            if all(strategy is not each for each in used):
                yield Unused(type(strategy).__name__, strategy.num_replicas_in_sync, place)

    def _distributed(self) -> list[Any]:
        kept = self._kept.variables()
        return [each for each in kept if isinstance(each, tf.distribute.DistributedValues)]

    def _most_replicas(self) -> int:
        return max((len(replica_devices(s)) for s in self.strategies.values()), default=1)

    def _remember(self, step: Callable[..., Any]) -> None:
        for name, held, _ in held_by(step):
            known = any(held is each for each in self.objects)
            if name == "self" and not known and len(self.objects) < _KEPT_OBJECTS:
                self.objects.append(held)

    def meets(self, what: Any) -> None:
        """See `Watch.meets`."""
        self._meetings.met(replica_number(), what, author_lines())

    def gradient(self, sources: Any, gradients: Any) -> None:
        """See `Watch.gradient`."""
        asked = tf.nest.flatten(sources)
        if asked and all(each is None for each in tf.nest.flatten(gradients)):
            name = str(getattr(asked[0], "name", type(asked[0]).__name__))
            self._without_gradient.setdefault(author_place().place, name)

    def _begin_step(self) -> None:
        # What is called within a tf.function is a part of it.
        if not (self._depth or tf.inside_function()):
            self._kept.look(self.steps)
            self.steps += 1

    def _access(self, found: tuple[int, int], kind: str, inputs: Any) -> None:
        who = self._who()
        added = inputs[1] if kind in ADDING else None
        if kind == ASSIGNING and (term := self._sums.term(inputs[1], inputs[0])):
            # To assign the value and something more is to add.
            kind, added = term
        here = author_place()
        key = (*found, kind, who, self._line_of(who) or here.place)
        known = self._accesses.setdefault(key, _Count())
        known.count += 1
        known.called = known.called or here.function
        self._known.add(key[:4])
        if who not in (OUTSIDE, MERGED):
            own = self._strategy_of.get(found[0])
            known.foreign = own is not None and own is not tf.distribute.get_strategy()
        if kind in READING and who == OUTSIDE and not found[1] and _is_looked_at(known.count):
            known.apart = known.apart or self._kept.apart(found[0])
        if added is not None:
            delta = constant(added)
            known.delta = delta if known.deltas == 0 or known.delta == delta else None
            known.deltas += 1
            known.own = depends_on(added, inputs[0])

    def _line_of(self, who: str) -> Place | None:
        """Of what replicas do together, the author's line at which they meet."""
        lines = self._meetings.lines() if who == MERGED else ()
        return lines[-1] if lines else None

    def _who(self) -> str:
        if not tf.distribute.has_strategy():
            return OUTSIDE
        if tf.distribute.in_cross_replica_context():
            return MERGED if self._depth else OUTSIDE
        return f"replica {replica_number()}"

    def _replica(self) -> int | None:
        """The replica that this thread is, of all in sync."""
        within = self._depth and tf.distribute.has_strategy()
        return replica_number() if within and not tf.distribute.in_cross_replica_context() else None

    def collective(self, kind: str, value: Any) -> None:
        """See `Watch.collective`."""
        first = tf.nest.flatten(value)[0]
        while isinstance(first, tuple):
            first = first[0]
        inner = self._meetings.lines() if self._who() == MERGED else ()
        lines = (*author_lines(), *inner)[-_LINES:]
        shape, dtype = str(getattr(first, "shape", "")), getattr(first, "dtype", None)
        each = Collective(
            kind, shape, str(getattr(dtype, "name", "")), lines[-1] if lines else None, lines[:-1]
        )
        if tf.inside_function():
            # How often something is traced is each worker's own affair.
            if each in self._traced_collectives:
                return
            self._traced_collectives.add(each)
        if len(self.collectives) < _KEPT_COLLECTIVES:
            self.collectives.append(each)


def _is_looked_at(count: int) -> bool:
    """Whether to look at what a line reads for this time: soon, and then seldom."""
    return not tf.inside_function() and (count <= _FIRST or count & (count - 1) == 0)


def _start(initial: Any) -> Any:
    """An initial value as the author gave it, where it is small and known."""
    if callable(initial) or initial is None or tf.is_symbolic_tensor(initial):
        return None
    return summary(initial)


def _shape(variable: Any) -> tuple[int | None, ...] | None:
    return tuple(variable.shape.as_list()) if variable.shape.rank is not None else None
