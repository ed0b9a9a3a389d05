"""Decodes workers' notes about a program's strategies, and finds clusters that do not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

NEEDS, MADE, JOINING = "needs", "made", "joining"
"""The names of the notes that this module decodes."""

Note = Mapping[str, Any]
Decoded = TypeVar("Decoded")

MALFORMED = (KeyError, TypeError, ValueError, AttributeError)
"""What decoding of malformed notes and contents raises."""


def decoded(
    notes: Iterable[Note], name: str, decode: Callable[[Note], Decoded]
) -> Iterator[Decoded]:
    """Decode the notes of one name, without malformed ones: the program may have written those."""
    for note in notes:
        if note.get("note") == name:
            with contextlib.suppress(*MALFORMED):
                yield decode(note)


@dataclass(frozen=True)
class Line:
    """A line of the program; line 0 where it is not known."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """The file's name and the line in parentheses, with a leading space; empty for line 0."""
        return f" ({Path(self.file).name}:{self.line})" if self.line else ""

    @classmethod
    def of_note(cls, note: Note) -> Line:
        """Decode the line that a note names."""
        return cls(str(note["file"]), int(note["line"]))


@dataclass(frozen=True)
class Needs:
    """The first sign of how many processes a program needs."""

    several: bool
    sign: str
    """The name of a TensorFlow class, or `TF_CONFIG` where the program reads that variable."""
    line: Line

    @classmethod
    def of_note(cls, note: Note) -> Needs:
        """Decode a note of this kind, for `decoded`."""
        return cls(bool(note["several"]), str(note["sign"]), Line.of_note(note))


@dataclass(frozen=True)
class Made:
    """A strategy that a worker creates."""

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
    """Pairs of a task type and its addresses, sorted by the type."""
    type: str
    index: int

    @property
    def size(self) -> int:
        """How many tasks the cluster has."""
        return sum(len(addresses) for _, addresses in self.addresses)

    def __str__(self) -> str:
        """The task and the addresses of its cluster, for a message."""
        every = ", ".join(each for _, addresses in self.addresses for each in addresses)
        return f"{self.type} {self.index} of {every}"

    @classmethod
    def of_json(cls, data: Any) -> Membership | None:
        """Decode the content of a TF_CONFIG; None where it describes no cluster.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: `data` is not such content.
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
    """The creation of a MultiWorkerMirroredStrategy in a worker."""

    given: Membership | None
    """The task that the launching process assigned to the worker."""
    used: Membership | None
    """The task with which the strategy is created."""
    line: Line
    """The line at which the program changed TF_CONFIG."""

    @classmethod
    def of_note(cls, note: Note) -> Joining:
        """Decode a note of this kind, for `decoded`."""
        given, used = Membership.of_json(note["given"]), Membership.of_json(note["used"])
        return cls(given, used, Line.of_note(note))

    @property
    def is_alone(self) -> bool:
        """Whether the worker left a cluster of several tasks and is now a cluster of one."""
        shared = self.given is not None and self.given.size > 1
        return shared and (self.used is None or self.used.size == 1)


@dataclass(frozen=True)
class Unfit:
    """The reason why the workers do not form the cluster for which they were started."""

    reason: str
    hopeless: bool
    """Whether the workers can only fail or wait for ever."""
    needed: int = 0
    """The number of tasks of their cluster, where it has more tasks than workers were started."""


def joinings(notes: Iterable[Sequence[Note]]) -> dict[int, Joining]:
    """The first joining of each worker that joins a cluster.

    Args:
        notes: the notes of each worker.
    """
    first: dict[int, Joining] = {}
    for worker, own in enumerate(notes):
        for joining in decoded(own, JOINING, Joining.of_note):
            first.setdefault(worker, joining)
    return first


def unfit(
    joined: Mapping[int, Joining], workers: int, *, is_expected: bool = False
) -> Unfit | None:
    """Find the reason why the workers do not form their cluster; None where there is none so far.

    Args:
        joined: the joinings of the workers that have joined so far.
        workers: the number of started workers.
        is_expected: whether a running worker has not joined yet, so that it may still turn out to
            wait for one that is alone.
    """
    changed = {number: each for number, each in joined.items() if each.used != each.given}
    if not changed:
        return None
    if found := _same_task(joined):
        return found
    for number, each in sorted(changed.items()):
        if each.is_alone:
            waiting = [n for n, e in joined.items() if e.used == e.given]
            return _alone(each, number, waiting) if waiting or not is_expected else None
    return _missing(joined, workers)


def _same_task(joined: Mapping[int, Joining]) -> Unfit | None:
    first_of: dict[Membership, int] = {}
    for other, joining in sorted(joined.items()):
        if joining.used is None or joining.used.size <= 1:
            continue
        one = first_of.setdefault(joining.used, other)
        if one != other:
            return _both_are(joining, one, other)
    return None


def _both_are(joining: Joining, one: int, other: int) -> Unfit:
    return Unfit(
        f"the program {_what_it_did(joining)}: workers {one} and {other} both are"
        f" {joining.used}; each worker is started with its own TF_CONFIG: keep it (set it only"
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
    """Report that the program describes a cluster of more tasks than workers were started."""
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
        needed=first.used.size,
    )


def _what_it_did(joining: Joining) -> str:
    if not joining.line.line:
        return "describes its cluster itself"
    verb = "removes TF_CONFIG" if joining.used is None else "sets TF_CONFIG itself"
    return f"{verb}{joining.line}"


def unconnected(notes: Iterable[Sequence[Note]]) -> str:
    """Report several workers that each create a strategy of one process; empty where none do.

    Args:
        notes: the notes of each worker.
    """
    own: dict[int, Made] = {}
    for worker, each in enumerate(notes):
        made = list(decoded(each, MADE, Made.of_note))
        if made and not any(strategy.several for strategy in made):
            own[worker] = made[0]
    if len(own) < 2:
        return ""
    first = own[min(own)]
    numbers = ", ".join(str(number) for number in sorted(own))
    return (
        f"workers {numbers} each make a {first.name} of their own{first.line}: it does not connect"
        " them, so that they train separate models and write the same files"
    )
