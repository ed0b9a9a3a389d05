"""Records variables and tables of the user's code: how they are created, read and written."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from testbed.check.observations.operations import ADDING, ASSIGNING, READING, TABLE
from testbed.check.observations.seen import Access, SourceLine, VariableCreated
from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import components
from testbed.worker.watching.data.summary import summary
from testbed.worker.watching.stack import author_lines, author_place
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.added_values import AddedValues, constant, depends_on
from testbed.worker.watching.variables.batch_shares import BatchShares, ReadVariable
from testbed.worker.watching.variables.values import Values, VariableValues
from testbed.worker.writes import OUTSIDE, WRITING

# The operations that create a table, without the prefix that they may have.
_TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable")
# The first reads of a line that are inspected; of the later ones only a few.
_FIRST = 10

Key = tuple[int, int, str, str, "SourceLine | None"]


@dataclass
class _Count:
    count: int = 0
    delta: Any = None
    apart: Values = ()
    foreign: bool = False
    own: bool | None = None
    called: str = ""

    def adds(self, added: Any, handle: Any) -> None:
        """Note the value that the last of these operations adds."""
        delta = constant(added)
        self.delta = delta if self.count == 1 or self.delta == delta else None
        self.own = depends_on(added, handle)


class Variables:
    """Records each variable by its number, in the order of creation."""

    def __init__(self, now: CurrentStep) -> None:
        self.births: list[VariableCreated] = []
        self.values = VariableValues()
        self.strategies: list[Any] = []
        """For each variable, the strategy in whose scope it was created."""
        self._now = now
        self._copies: dict[int, tuple[int, int]] = {}
        # For each thread, the initial value of the variable that it last requested.
        self._starts: dict[int, Any] = {}
        # Keeps the tables alive, so that their ids stay unique.
        self._tables: list[Any] = []
        self._accesses: dict[Key, _Count] = {}
        # The keys of all accesses, without their places.
        self._known: set[tuple[int, int, str, str]] = set()
        self._added_values = AddedValues()
        self._shares = BatchShares(self._read)
        # The kinds of values that replicas assign to variables that sum up.
        self._assigned: dict[Key, set[str]] = {}

    def variable_requested(self, name: Any, initial: Any) -> None:
        """Keep the initial value of the variable that is created next in this thread."""
        start = _start(initial)
        replica = self._now.replica()
        if replica is not None:
            self._now.meetings.variable_requested(replica, (name, start), author_lines())
        self._starts[threading.get_ident()] = start

    def variable_created(self, variable: Any) -> None:
        """Number a variable, or a distributed one over several that were created just before."""
        distributed = isinstance(variable, tf.distribute.DistributedValues)
        if not distributed and id(variable.handle) in self._copies:
            # An assignment returns another object for the same variable.
            return
        number = len(self.births)
        for copy, component in enumerate(components(variable)):
            known = self._copies.get(id(component.handle))
            if known is not None and known[0] < number and distributed:
                # The variable recorded before is a copy of this one.
                self.births[known[0]] = replace(self.births[known[0]], number=-1)
                self.values.drop(known[0])
            self._copies[id(component.handle)] = (number, copy)
        self._add(
            name=str(variable.name),
            type=type(variable).__name__,
            distributed=distributed,
            synchronization=variable.synchronization.name,
            aggregation=variable.aggregation.name,
            shape=_shape(variable),
            dtype=variable.dtype.name,
            start=self._starts.get(threading.get_ident()),
        )
        self.values.keep(number, variable)

    def given(self, arguments: Any) -> None:
        """Record the arguments that replicas receive, once a replica has assigned such a value."""
        if self._assigned and not tf.inside_function():
            self._shares.given(arguments)

    def operation(self, kind: str, inputs: Any, outputs: Any) -> int | None:
        """Record an operation on a variable; returns the number of the variable, or None."""
        if kind == "VarHandleOp":
            # A freed handle may have had the same id.
            self._copies.pop(id(outputs[0]), None)
        elif kind.removeprefix("Anonymous").startswith(_TABLES):
            self._copies[id(outputs[0])] = (len(self.births), 0)
            self._tables.append(outputs[0])
            self._add(name=kind.removeprefix("Anonymous").removesuffix("V2"), type=TABLE)
        elif not tf.inside_function():
            self._added_values.computed(kind, inputs, outputs)
            if self._shares.is_recording and self._now.replica() is not None:
                self._shares.computed(kind, inputs, outputs)
        found = self._found(kind, inputs)
        if found is None:
            return None
        self._access(found, kind, inputs)
        return found[0]

    def replayed(self, kind: str, inputs: Any) -> None:
        """Record an operation of a trace on a variable."""
        found = self._found(kind, inputs)
        if found is not None and (*found, kind, self._now.actor()) not in self._known:
            self._access(found, kind, inputs)

    def number_of(self, handle: Any) -> int | None:
        """The number of the variable with this handle; None if unknown."""
        return self._copies.get(id(handle), (None,))[0]

    def clips(self, handle: Any, limit: str) -> None:
        """Record how an optimizer clips in replicas, with the optimizer's first variable."""
        if (number := self.number_of(handle)) is not None:
            self.births[number] = replace(self.births[number], clips=limit)

    def seen(self) -> Iterator[VariableCreated]:
        """Each variable as it was created, with its current values."""
        for birth in self.births:
            if birth.number >= 0:
                values = self.values.values(birth.number)
                snapshots = self.values.snapshots(birth.number)
                yield replace(birth, copies=values, looks=snapshots)

    def accesses(self) -> Iterator[Access]:
        """All reads and writes of variables, by actor and line."""
        for key, found in self._accesses.items():
            assigned = self._assigned.get(key, set())
            yield Access(
                *key, **vars(found), assigns="".join(assigned) if len(assigned) == 1 else ""
            )

    def _add(self, **about: Any) -> None:
        here = author_place()
        in_scope = tf.distribute.has_strategy()
        self.births.append(
            VariableCreated(
                len(self.births),
                place=here.place,
                libraries=here.libraries,
                in_scope=in_scope,
                other_scope=None if in_scope else self._now.scopes.elsewhere(),
                step=self._now.steps,
                in_step=self._now.is_eager_step,
                **about,
            )
        )
        self.strategies.append(tf.distribute.get_strategy())

    def _found(self, kind: str, inputs: Any) -> tuple[int, int] | None:
        known = inputs and (kind in READING or kind.startswith(WRITING))
        return self._copies.get(id(captured_from(inputs[0]))) if known else None

    def _access(self, found: tuple[int, int], kind: str, inputs: Any) -> None:
        kind, added = self._addition(kind, inputs)
        actor, here = self._now.actor(), author_place()
        key = (*found, kind, actor, self._now.meeting_place(actor) or here.place)
        known = self._accesses.setdefault(key, _Count())
        known.count += 1
        known.called = known.called or here.function
        self._known.add(key[:4])
        if kind.startswith(WRITING):
            self._is_written_by(found[0], here.libraries)
        if actor.startswith("replica"):
            known.foreign = self.strategies[found[0]] is not tf.distribute.get_strategy()
        # A read outside of replicas gives the first copy.
        reads_first = kind in READING and actor == OUTSIDE and not found[1]
        if reads_first and self._now.is_between_steps and _is_looked_at(known.count):
            known.apart = known.apart or self.values.differing(found[0])
        if added is not None:
            known.adds(added, inputs[0])
        elif kind == ASSIGNING and actor.startswith("replica") and self._sums_up(found[0]):
            assigned = self._assigned.setdefault(key, set())
            if self._shares.is_recording or tf.is_symbolic_tensor(inputs[1]):
                assigned.add(self._shares.kind(inputs[1], found[0]))

    def _is_written_by(self, number: int, libraries: Sequence[str]) -> None:
        birth = self.births[number]
        if more := tuple(file for file in libraries if file not in birth.writers):
            self.births[number] = replace(birth, writers=birth.writers + more)

    def _read(self, handle: Any) -> ReadVariable | None:
        """The variable that an operation with a handle reads."""
        number = self.number_of(captured_from(handle))
        return None if number is None else ReadVariable(number, self._sums_up(number))

    def _sums_up(self, number: int) -> bool:
        birth = self.births[number]
        return (birth.synchronization, birth.aggregation) == ("ON_READ", "SUM")

    def _addition(self, kind: str, inputs: Any) -> tuple[str, Any]:
        """The operation, and the value that it adds; None if it does not add."""
        if kind == ASSIGNING and (addition := self._added_values.added_by(inputs[1], inputs[0])):
            # An assignment of the variable's value plus another counts as an addition.
            return addition
        return kind, inputs[1] if kind in ADDING else None


def _is_looked_at(count: int) -> bool:
    """Whether to inspect this read of a line: each of the first ones, then ever fewer."""
    return count <= _FIRST or count & (count - 1) == 0


def _start(initial: Any) -> Any:
    """A summary of the initial value that the user gave; None if it is unknown."""
    if callable(initial) or initial is None or tf.is_symbolic_tensor(initial):
        return None
    if isinstance(initial, tf.Variable) and not tf.executing_eagerly():
        # It has no value while a graph is built.
        return None
    return summary(initial)


def _shape(variable: Any) -> tuple[int | None, ...] | None:
    return tuple(variable.shape.as_list()) if variable.shape.rank is not None else None
