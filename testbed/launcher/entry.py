"""Entries of workers: functions that workers run, each with the class of its orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from testbed.decoding import decoded
from testbed.launcher.server.channel import Channel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Orders = TypeVar("Orders", bound="DataclassInstance")

_implementations: dict[str, Callable[[dict[str, Any], Channel], None]] = {}


@dataclass(frozen=True)
class Assignment:
    """The work of one worker: the name of an entry, and the orders for it as JSON types."""

    entry: str
    orders: dict[str, Any]


@dataclass(frozen=True)
class Entry(Generic[Orders]):
    """A function in workers, and the class of its orders.

    The launching process encodes orders by an entry, and the worker decodes them by the same entry,
    so both sides have the same class. The launching process does not import the function.
    """

    name: str
    """`module:function`."""
    orders: type[Orders]
    """A dataclass of JSON types, tuples and such dataclasses."""

    @property
    def module(self) -> str:
        """The module of the function."""
        return self.name.partition(":")[0]

    def assignment(self, orders: Orders) -> Assignment:
        """Encode the orders for one worker."""
        return Assignment(self.name, asdict(orders))

    def implementation(
        self, function: Callable[[Orders, Channel], None]
    ) -> Callable[[Orders, Channel], None]:
        """Declare the function that workers run; a decorator, which returns it unchanged.

        Raises:
            TypeError: the entry names another function.
        """
        if f"{function.__module__}:{function.__qualname__}" != self.name:
            raise TypeError(f"{function.__qualname__} implements {self.name}")
        _implementations[self.name] = lambda orders, channel: function(
            decoded(self.orders, orders), channel
        )
        return function


def implementation_of(entry: str) -> Callable[[dict[str, Any], Channel], None]:
    """The function of an entry whose module is imported; it decodes its orders.

    Raises:
        KeyError: the module does not implement the entry.
    """
    return _implementations[entry]


@dataclass(frozen=True)
class Envelope:
    """The first line that a worker reads: its assignment, and the launcher's own settings."""

    assignment: Assignment
    stacks: str
    """The file for the worker's Python stacks, written on each STACKS_SIGNAL."""
    hold_at: str = ""
    """The phase at which the worker waits for permission to continue; empty for none."""

    def to_line(self) -> str:
        """Encode as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Envelope:
        """Decode a line."""
        return decoded(cls, json.loads(line))
