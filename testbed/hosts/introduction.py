"""The first message of an agent: its identity, and its view of the cluster."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Introduction:
    """The identity of an agent, and its view of the cluster."""

    worker: int
    host: str
    """The address for its peers; empty where that is the address from which it connects."""
    hostname: str
    pid: int
    taken_from: str
    """The variable that gave it its number."""
    cluster: tuple[str, ...]
    """The same as `Rank.cluster`, which all must agree on."""
    version: str
    """The version of its testbed."""
    problems: tuple[str, ...]
    """The network problems that `problems_of` found on its host."""

    def to_message(self) -> dict[str, Any]:
        """Encode as a message."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Introduction:
        """Decode a message.

        Raises:
            ValueError: it is not a valid introduction.
        """
        return cls(
            worker=_number(message, "worker"),
            host=_text(message, "host"),
            hostname=_text(message, "hostname"),
            pid=_number(message, "pid"),
            taken_from=_text(message, "taken_from"),
            cluster=_texts(message, "cluster"),
            version=_text(message, "version"),
            problems=_texts(message, "problems"),
        )


def _number(message: dict[str, Any], name: str) -> int:
    found = message.get(name)
    # True is an int, and a number longer than a machine's may be too long to be shown.
    if type(found) is not int or not 0 <= found <= sys.maxsize:
        raise ValueError(f"{name} is no number")
    return found


def _text(message: dict[str, Any], name: str) -> str:
    found = message.get(name)
    if not isinstance(found, str):
        raise ValueError(f"{name} is no text")
    return found


def _texts(message: dict[str, Any], name: str) -> tuple[str, ...]:
    found = message.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{name} is no list of texts")
    return tuple(found)
