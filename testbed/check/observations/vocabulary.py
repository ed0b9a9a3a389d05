"""A vocabulary of the user's program: the number of each token."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.check.observations.source_line import SourceLine


@dataclass(frozen=True)
class Vocabulary:
    """A lookup table, a dict, a list or a computation that gives each token a number."""

    place: SourceLine | None
    """The line that fills or computes it."""
    name: str
    """The dict, list or computation as the user writes it; `table` for a lookup table."""
    kind: str
    """`layer` (a lookup table of a Keras layer), `table`, `dict`, `list` (its positions are the
    numbers), or `hash` (computed by it)."""
    size: int
    tokens: tuple[tuple[str, int], ...]
    """Some tokens with their numbers: two vocabularies have the same ones here, if they have them
    at all."""
    checksum: int = 0
    """Of all tokens, whatever their numbers: equal where two vocabularies have the same tokens."""
