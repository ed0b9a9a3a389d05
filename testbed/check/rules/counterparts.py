"""Matches the variables and other objects of one worker with those of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from testbed.check.observations.seen import SourceLine, VariableCreated, WorkerObservations

Kind = tuple["SourceLine | None", bool]


class _Placed(Protocol):
    @property
    def place(self) -> SourceLine | None: ...


Object = TypeVar("Object", bound=_Placed)


def of_one_line(of_workers: Sequence[Sequence[Object]]) -> Iterator[tuple[Object, ...]]:
    """The objects of all workers that one line made: the first ones, the second ones, ..."""
    for place in dict.fromkeys(each.place for each in of_workers[0]):
        alike = ((each for each in objects if each.place == place) for objects in of_workers)
        yield from zip(*alike, strict=False)


class Counterparts:
    """Matches variables by the line that made them, and by how many that line had made before.

    The number alone does not suffice: one additional variable on a worker would shift all that
    follow.
    """

    def __init__(self, seen: Sequence[WorkerObservations]) -> None:
        self._of: list[dict[tuple[Kind, int], VariableCreated]] = []
        self._keys: dict[int, tuple[Kind, int]] = {}
        for worker, each in enumerate(seen):
            counts: dict[Kind, int] = {}
            index: dict[tuple[Kind, int], VariableCreated] = {}
            for birth in each.births:
                kind = (birth.place, birth.distributed)
                key = (kind, counts.get(kind, 0))
                counts[kind] = key[1] + 1
                index[key] = birth
                if worker == 0:
                    self._keys[birth.number] = key
            self._of.append(index)

    def of(self, birth: VariableCreated) -> list[VariableCreated | None]:
        """A variable of the first worker and its counterparts, in the order of the workers."""
        return [index.get(self._keys[birth.number]) for index in self._of]
