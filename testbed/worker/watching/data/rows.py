"""Hashes the rows of the data of a dataset, to find rows that several workers hold."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from testbed.check.observations.rows import DataRows
from testbed.check.observations.source_line import SourceLine

# Data with more rows are not hashed: that would take a noticeable part of a second.
_MOST_ROWS = 2**16
# Of a row with more entries, only entries at equal distances count.
_ENTRIES = 64
# Rows that are hashed at a time.
_CHUNK = 2**12
_LEAST = 256

_FACTORS = numpy.random.Generator(numpy.random.PCG64(1)).integers(
    2**64, size=16 * _ENTRIES, dtype=numpy.uint64
) | numpy.uint64(1)


@dataclass(frozen=True)
class SlicedData:
    """The tensors of which a dataset gives one row after the other, and the line that made it."""

    tensors: tuple[Any, ...]
    place: SourceLine | None

    def rows(self) -> DataRows | None:
        """The rows without their order; None if there are too many, or they cannot be hashed."""
        arrays = [numpy.asarray(each) for each in self.tensors]
        numbers = {len(each) if each.ndim else 0 for each in arrays}
        if len(numbers) != 1 or not 0 < max(numbers) <= _MOST_ROWS:
            return None
        hashed = numpy.zeros(max(numbers), numpy.uint64)
        for each in arrays:
            own = _hashes(each)
            if own is None:
                return None
            hashed = hashed * _FACTORS[0] + own
        distinct = numpy.unique(_mixed(hashed))
        least = tuple(int(each) for each in distinct[:_LEAST])
        return DataRows(self.place, len(hashed), len(distinct), least)


def zipped(parts: Sequence[SlicedData | None]) -> SlicedData | None:
    """The data of datasets whose elements are put together; None if those of one are unknown."""
    known = [each for each in parts if each is not None]
    if not known or len(known) < len(parts):
        return None
    return SlicedData(tuple(one for each in known for one in each.tensors), known[0].place)


def _hashes(array: Any) -> Any:
    """A hash of each row, as unsigned 64-bit numbers; None for rows of several texts."""
    rows = array.reshape(len(array), -1)
    if rows.dtype == object:
        texts = rows[:, 0].tolist() if rows.shape[1] == 1 else []
        if not all(isinstance(text, bytes) for text in texts) or not texts:
            return None
        return numpy.array([zlib.crc32(text) for text in texts], numpy.uint64)
    rows = rows[:, :: max(1, -(-rows.shape[1] // _ENTRIES))]
    found = [
        _sums(numpy.ascontiguousarray(rows[first : first + _CHUNK]))
        for first in range(0, len(rows), _CHUNK)
    ]
    return numpy.concatenate(found)


def _sums(rows: Any) -> Any:
    """The sum of the bytes of each row, each byte multiplied by the factor of its position."""
    as_bytes = rows.view(numpy.uint8).reshape(len(rows), -1)
    return as_bytes.astype(numpy.uint64) @ _FACTORS[: as_bytes.shape[1]]


def _mixed(hashed: Any) -> Any:
    """Hashes whose least ones are a random choice, as numbers below 2**53, which JSON can hold."""
    mixed = (hashed ^ (hashed >> numpy.uint64(33))) * _FACTORS[1]
    mixed = (mixed ^ (mixed >> numpy.uint64(29))) * _FACTORS[2]
    return mixed >> numpy.uint64(11)
