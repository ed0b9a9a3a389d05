"""Finds variables that `tf.compat.v1.get_variable` makes although it is asked to reuse one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from testbed.check.observations.reuse import NotReused
from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.data.batches import components
from testbed.worker.watching.variables.made import Variables

# The most lines, and the most names, that are kept.
_LINES = 200
_NAMES = 10_000


class ReusedNames:
    """Compares the variables that one name gives; in eager mode, only some stores reuse any.

    Args:
        variables: knows the number and the line of each variable.
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        # How the program asks for reuse in a scope.
        self._asked: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        # The number of the first variable of each name, by the id of the store.
        self._first: dict[tuple[int, str], int] = {}
        # Keeps the stores alive, so that their ids stay unique.
        self._stores: dict[int, Any] = {}
        # The numbers of the variables that are counted; each replica asks for them.
        self._counted: set[int] = set()
        self._found: dict[tuple[int, SourceLine | None], NotReused] = {}

    def entered(self, scope: Any, sources: Sequence[Any], reuse: Any) -> None:
        """A variable scope was entered.

        Args:
            scope: the entered one.
            sources: the scopes from which it inherits.
            reuse: the program's argument; None if it gives none.
        """
        inherited = (self._asks(each) for each in sources)
        given = f"reuse={'True' if reuse is True else 'AUTO_REUSE'}" if reuse else ""
        if asked := given or next(filter(None, inherited), ""):
            self._asked[scope] = asked

    def given(self, scope: Any, key: tuple[Any, str], variable: Any) -> None:
        """A call in a scope gave the variable of a name of a store."""
        number = self._variables.number_of(components(variable)[0].handle)
        store, name = key
        if number is None or len(self._first) == _NAMES:
            return
        self._stores[id(store)] = store
        first = self._first.setdefault((id(store), name), number)
        if first != number and (asked := self._asks(scope)):
            self._not_reused(NotReused(first, number, asked))

    def found(self) -> Iterator[NotReused]:
        """The calls that should have given another variable, by line."""
        yield from self._found.values()

    def _asks(self, scope: Any) -> str:
        """How the program asks for reuse in a scope; empty if it does not."""
        # In eager mode only `reuse_variables` sets it to True.
        called = "reuse_variables()" if scope.reuse is True else ""
        return self._asked.get(scope, called)

    def _not_reused(self, new: NotReused) -> None:
        if new.second in self._counted:
            return
        self._counted.add(new.second)
        key = (new.first, self._variables.births[new.second].place)
        if known := self._found.get(key):
            self._found[key] = replace(known, count=known.count + 1)
        elif len(self._found) < _LINES:
            self._found[key] = new
