"""What workers tell of a program's strategies, and what follows from it: pure functions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

NEEDS, MADE, JOINING = "needs", "made", "joining"
"""The names of these notes."""

Note = Mapping[str, Any]
Decoded = TypeVar("Decoded")

_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


def decoded(
    notes: Iterable[Note], name: str, decode: Callable[[Note], Decoded]
) -> Iterator[Decoded]:
    """The notes of one name; without malformed ones, which the program itself may have written."""
    for note in notes:
        if note.get("note") == name:
            with contextlib.suppress(*_MALFORMED):
                yield decode(note)


@dataclass(frozen=True)
class Line:
    """A line of the program; line 0 where none is known."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """The file's name and the line in parentheses, to be put behind a word; or nothing."""
        return f" ({Path(self.file).name}:{self.line})" if self.line else ""

    @classmethod
    def of_note(cls, note: Note) -> Line:
        """The line that a note names."""
        return cls(str(note["file"]), int(note["line"]))


@dataclass(frozen=True)
class Needs:
    """The first sign of how many processes a program is made for."""

    several: bool
    sign: str
    """The name of a class of TensorFlow, or TF_CONFIG where the program reads that."""
    line: Line

    @classmethod
    def of_note(cls, note: Note) -> Needs:
        """Decode a note of this kind, for `decoded`."""
        return cls(bool(note["several"]), str(note["sign"]), Line.of_note(note))


@dataclass(frozen=True)
class Made:
    """A strategy that a worker makes."""

    name: str
    several: bool
    """Whether it connects several processes."""
    line: Line

    @classmethod
    def of_note(cls, note: Note) -> Made:
        """Decode a note of this kind, for `decoded`."""
        return cls(str(note["name"]), bool(note["several"]), Line.of_note(note))


@dataclass(frozen=True)
class Membership:
    """One task of a cluster, as TF_CONFIG describes it."""

    addresses: tuple[tuple[str, tuple[str, ...]], ...]
    """Of each type of task, sorted by the type."""
    type: str
    index: int

    @property
    def size(self) -> int:
        """How many tasks the cluster has."""
        return sum(len(addresses) for _, addresses in self.addresses)

    def __str__(self) -> str:
        """The task and the addresses of its cluster, as a message names them."""
        every = ", ".join(each for _, addresses in self.addresses for each in addresses)
        return f"{self.type} {self.index} of {every}"

    @classmethod
    def of_json(cls, data: Any) -> Membership | None:
        """Decode the content of a TF_CONFIG; None where it describes no cluster.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is no such content.
        """
        cluster = (data or {}).get("cluster")
        if not cluster:
            return None
        addresses = tuple((str(type), _texts(cluster[type])) for type in sorted(cluster))
        return cls(addresses, str(data["task"]["type"]), int(data["task"]["index"]))


def _texts(given: Any) -> tuple[str, ...]:
    # TensorFlow also takes a dict from the index to the address.
    return tuple(map(str, given.values() if isinstance(given, Mapping) else given))


@dataclass(frozen=True)
class Joining:
    """A worker makes a MultiWorkerMirroredStrategy."""

    given: Membership | None
    """Its task, as the launching process has assigned it."""
    used: Membership | None
    """Its task, as the strategy is made with it."""
    line: Line
    """Where the program has changed TF_CONFIG."""

    @classmethod
    def of_note(cls, note: Note) -> Joining:
        """Decode a note of this kind, for `decoded`."""
        given, used = Membership.of_json(note["given"]), Membership.of_json(note["used"])
        return cls(given, used, Line.of_note(note))

    @property
    def is_alone(self) -> bool:
        """Whether it has left a cluster of several tasks, and is a cluster of one."""
        shared = self.given is not None and self.given.size > 1
        return shared and (self.used is None or self.used.size == 1)


@dataclass(frozen=True)
class Unfit:
    """Why the workers do not form the cluster for which they were started."""

    reason: str
    hopeless: bool
    """Whether they can only fail, or wait for ever."""


def joinings(notes: Iterable[Sequence[Note]]) -> dict[int, Joining]:
    """By which task each worker joins first; of those workers that join.

    Args:
        notes: of each worker.
    """
    first: dict[int, Joining] = {}
    for worker, told in enumerate(notes):
        for joining in decoded(told, JOINING, Joining.of_note):
            first.setdefault(worker, joining)
    return first


def unfit(joined: Mapping[int, Joining], workers: int) -> Unfit | None:
    """Why the workers do not form their cluster; None where nothing speaks against it.

    Args:
        joined: of those workers that have come so far.
        workers: that were started.
    """
    changed = {number: each for number, each in joined.items() if each.used != each.given}
    if not changed:
        return None
    tasks: dict[Membership, int] = {}
    for number, each in sorted(joined.items()):
        if each.used is not None and each.used.size > 1:
            other = tasks.setdefault(each.used, number)
            if other != number:
                return _same_task(each, other, number)
    for number, each in sorted(changed.items()):
        if each.is_alone:
            return _alone(each, number, [n for n, e in joined.items() if e.used == e.given])
    return _missing(joined, workers)


def _same_task(joining: Joining, one: int, other: int) -> Unfit:
    return Unfit(
        f"the program {_what_it_did(joining)}: workers {one} and {other} both are"
        f" {joining.used}; each worker is started with a TF_CONFIG of its own: keep it (set it only"
        ' if "TF_CONFIG" not in os.environ), or take the index from it',
        hopeless=True,
    )


def _alone(joining: Joining, number: int, waiting: Sequence[int]) -> Unfit:
    lonely = f"worker {number} is a cluster of one and trains by itself"
    if waiting:
        lonely += f", and worker {waiting[0]} waits for it in vain"
    return Unfit(
        f"the program {_what_it_did(joining)}: {lonely}; keep the TF_CONFIG with which each worker"
        " is started",
        hopeless=bool(waiting),
    )


def _missing(joined: Mapping[int, Joining], workers: int) -> Unfit | None:
    """A cluster of the program's own, for which too few workers were started."""
    first = joined[min(joined)]
    alike = all(
        each.used is not None and first.used is not None
        and each.used.addresses == first.used.addresses
        for each in joined.values()
    )  # fmt: skip
    if len(joined) < workers or not alike or first.used is None or first.used.size <= workers:
        return None
    return Unfit(
        f"the program {_what_it_did(first)}: its cluster has {first.used.size} tasks, but"
        f" {workers} workers were started",
        hopeless=False,
    )


def _what_it_did(joining: Joining) -> str:
    if not joining.line.line:
        return "describes its cluster itself"
    verb = "removes TF_CONFIG" if joining.used is None else "sets TF_CONFIG itself"
    return f"{verb}{joining.line}"


def unconnected(notes: Iterable[Sequence[Note]]) -> str:
    """That several workers each have a strategy of one process; nothing where it is not so.

    Args:
        notes: of each worker.
    """
    own: dict[int, Made] = {}
    for worker, told in enumerate(notes):
        made = list(decoded(told, MADE, Made.of_note))
        if made and not any(each.several for each in made):
            own[worker] = made[0]
    if len(own) < 2:
        return ""
    first = own[min(own)]
    numbers = ", ".join(str(number) for number in sorted(own))
    return (
        f"workers {numbers} each make a {first.name} of their own{first.line}: it does not connect"
        " them, so that they train separate models and write the same files"
    )
