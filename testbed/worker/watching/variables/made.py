"""The variables and tables of somebody's own code: how they are made, and who reads and writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from testbed.check.seen import (
    ADDING,
    ASSIGNING,
    READING,
    TABLE,
    Access,
    SourceLine,
    VariableCreated,
)
from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import components
from testbed.worker.watching.data.summary import summary
from testbed.worker.watching.stack import author_lines, author_place
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.added_values import Sums, constant, depends_on
from testbed.worker.watching.variables.values import Values, VariableValues
from testbed.worker.writes import OUTSIDE, WRITING

# The operations that make a table, but for what may stand before their names.
_TABLES = ("HashTable", "MutableHashTable", "MutableDenseHashTable")
# Of what a line reads, before it is looked at seldom.
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


class Variables:
    """Each by its number, in the order in which they are made."""

    def __init__(self, now: CurrentStep) -> None:
        self.births: list[VariableCreated] = []
        self.values = VariableValues()
        self.strategies: list[Any] = []
        """Of each birth, the strategy in whose scope it was."""
        self._now = now
        self._copies: dict[int, tuple[int, int]] = {}
        # Of each thread, the initial value of the variable that it asked for last.
        self._starts: dict[int, Any] = {}
        # As long as they are kept nothing else has their ids.
        self._tables: list[Any] = []
        self._accesses: dict[Key, _Count] = {}
        # Without their places.
        self._known: set[tuple[int, int, str, str]] = set()
        self._sums = Sums()

    def asked(self, name: Any, initial: Any) -> None:
        """Keep the initial value of the variable that is created next in this thread."""
        start = _start(initial)
        replica = self._now.replica()
        if replica is not None:
            self._now.meetings.asked(replica, (name, start), author_lines())
        self._starts[threading.get_ident()] = start

    def born(self, variable: Any) -> None:
        """Number a variable, or a distributed one over several that were created just before."""
        distributed = isinstance(variable, tf.distribute.DistributedValues)
        if not distributed and id(variable.handle) in self._copies:
            # What an assignment returns is another object for the same variable.
            return
        number = len(self.births)
        for copy, component in enumerate(components(variable)):
            known = self._copies.get(id(component.handle))
            if known is not None and known[0] < number and distributed:
                # What was one variable until now is a copy of this one.
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

    def operation(self, kind: str, inputs: Any, outputs: Any) -> int | None:
        """Keep what an operation does to a variable; the number of that variable, if any."""
        if kind == "VarHandleOp":
            # The id of a handle that is gone may be this one's.
            self._copies.pop(id(outputs[0]), None)
        elif kind.removeprefix("Anonymous").startswith(_TABLES):
            self._copies[id(outputs[0])] = (len(self.births), 0)
            self._tables.append(outputs[0])
            self._add(name=kind.removeprefix("Anonymous").removesuffix("V2"), type=TABLE)
        elif not tf.inside_function():
            self._sums.computed(kind, inputs, outputs)
        found = self._found(kind, inputs)
        if found is None:
            return None
        self._access(found, kind, inputs)
        return found[0]

    def replayed(self, kind: str, inputs: Any) -> None:
        """Keep what an operation of a trace does to a variable."""
        found = self._found(kind, inputs)
        if found is not None and (*found, kind, self._now.who()) not in self._known:
            self._access(found, kind, inputs)

    def number_of(self, handle: Any) -> int | None:
        """The number of the variable that has this handle, if it is known."""
        return self._copies.get(id(handle), (None,))[0]

    def seen(self) -> Iterator[VariableCreated]:
        """Each as it was made, with the values that it has now."""
        for birth in self.births:
            if birth.number >= 0:
                values, looks = self.values.values(birth.number), self.values.looks(birth.number)
                yield replace(birth, copies=values, looks=looks)

    def accesses(self) -> Iterator[Access]:
        """Who did what with them."""
        for key, found in self._accesses.items():
            yield Access(*key, **vars(found))

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
                **about,
            )
        )
        self.strategies.append(tf.distribute.get_strategy())

    def _found(self, kind: str, inputs: Any) -> tuple[int, int] | None:
        known = inputs and (kind in READING or kind.startswith(WRITING))
        return self._copies.get(id(captured_from(inputs[0]))) if known else None

    def _access(self, found: tuple[int, int], kind: str, inputs: Any) -> None:
        who = self._now.who()
        added = inputs[1] if kind in ADDING else None
        if kind == ASSIGNING and (term := self._sums.term(inputs[1], inputs[0])):
            # To assign the value and something more is to add.
            kind, added = term
        here = author_place()
        key = (*found, kind, who, self._now.meeting_place(who) or here.place)
        known = self._accesses.setdefault(key, _Count())
        known.count += 1
        known.called = known.called or here.function
        self._known.add(key[:4])
        if who.startswith("replica"):
            known.foreign = self.strategies[found[0]] is not tf.distribute.get_strategy()
        if kind in READING and who == OUTSIDE and not found[1] and _is_looked_at(known.count):
            known.apart = known.apart or self.values.apart(found[0])
        if added is not None:
            delta = constant(added)
            known.delta = delta if known.count == 1 or known.delta == delta else None
            known.own = depends_on(added, inputs[0])


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
