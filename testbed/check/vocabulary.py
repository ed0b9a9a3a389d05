"""A vocabulary of the user's program: the number of each token."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.source_line import SourceLine


@dataclass(frozen=True)
class Vocabulary:
    """A lookup table or a dict that gives each token a number, or each number a token."""

    place: SourceLine | None
    """The line that fills it."""
    name: str
    """The name of the dict as the user writes it; `table` for a lookup table."""
    kind: str
    """`layer` (a lookup table of a Keras layer), `table`, or `dict`."""
    size: int
    tokens: tuple[tuple[str, int], ...]
    """Some tokens with their numbers: two vocabularies have the same ones here, if they have them
    at all."""
