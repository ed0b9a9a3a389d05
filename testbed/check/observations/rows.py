"""The rows of the data of a dataset, to find rows that several workers hold."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.source_line import SourceLine

# Fewer rows, or rows that often occur again, may be equal by chance.
_FEWEST = 16
_LEAST_DISTINCT = 0.9


@dataclass(frozen=True)
class DataRows:
    """The rows of which a dataset is made, without their order."""

    place: SourceLine | None
    """The line that makes the dataset."""
    number: int
    distinct: int
    """How many different rows there are."""
    least: tuple[int, ...]
    """The least hashes of the different rows, 256 at most."""

    @property
    def are_told_apart(self) -> bool:
        """Whether a row that two workers hold is surely one row of the same data."""
        return self.distinct >= max(_FEWEST, _LEAST_DISTINCT * self.number)

    def shared_with(self, other: DataRows) -> float:
        """The share of all different rows that both hold, estimated from the least hashes."""
        length = min(len(self.least), len(other.least))
        least = sorted({*self.least, *other.least})[:length]
        return len({*least} & {*self.least} & {*other.least}) / max(length, 1)
