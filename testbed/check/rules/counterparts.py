"""Which variable of one worker is which of another."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.check.seen import SourceLine, VariableCreated, WorkerObservations

Kind = tuple["SourceLine | None", bool]


class Counterparts:
    """Matches variables by the line that made them, and by how many it had made before.

    Not by their number alone: what one worker makes besides must not shift all that follows.
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
        """What a variable of the first worker is on every worker, the first included."""
        return [index.get(self._keys[birth.number]) for index in self._of]
