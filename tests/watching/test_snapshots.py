"""What a tf.function may read, at one time."""

from __future__ import annotations

import random
from typing import Any

import numpy

from testbed.worker.watching.traces.bytecode_reads import bytecode_reads_of
from testbed.worker.watching.traces.snapshots import drawn_at, place_of, take_snapshot
from tests.watching.observing import Lines

HERE = Lines(__file__)

LEVEL = 3
UNREAD = 4
GRID = numpy.ones(4)
DICE = random.Random(1)


class Scheme:
    def __init__(self, gain: float) -> None:
        self.gain = gain


ONE, OTHER = Scheme(1.0), Scheme(2.0)


def test_only_what_is_read_is_looked_at() -> None:
    """By its spot, and with the place that reads it."""

    def step() -> Any:
        return LEVEL  # at: level

    reads = bytecode_reads_of(step)
    found = take_snapshot(step, reads).values
    ((spot, kept),) = ((spot, kept) for spot, kept in found.items() if spot.file == __file__)
    assert (spot.name, kept.kind, kept.value) == ("LEVEL", "number", 3)
    assert HERE.name(place_of(spot, reads, set())) == "level"


def test_of_an_array_only_contents_count() -> None:
    """An array of which the shape alone is read is not looked at."""

    def contents() -> Any:
        return GRID * 2

    def shape() -> Any:
        return GRID.shape

    def names_of(step: Any) -> list[str]:
        return [spot.name for spot in take_snapshot(step, bytecode_reads_of(step)).values]

    assert "GRID" in names_of(contents)
    assert "GRID" not in names_of(shape)


def test_an_attribute_that_several_objects_have_is_not_sure() -> None:
    """Of an unknown object nothing is kept where two have such an attribute."""

    def unsure(scheme: Any) -> Any:
        return scheme.gain

    def sure() -> Any:
        return ONE.gain

    assert [
        s
        for s in take_snapshot(unsure, bytecode_reads_of(unsure)).values
        if s.name.endswith("gain")
    ] == []
    names = [spot.name for spot in take_snapshot(sure, bytecode_reads_of(sure)).values]
    assert "ONE.gain" in names
    assert "OTHER.gain" not in names


def test_sources_of_random_numbers_and_where_they_are() -> None:
    """A shared stream and one of the author's change their state by a draw."""

    def step() -> Any:
        return DICE.random(), numpy.random.rand()  # at: draws

    reads = bytecode_reads_of(step)
    before = take_snapshot(step, reads).sources
    assert {"numpy.random", "DICE"} <= set(before)
    again = take_snapshot(step, reads).sources
    step()
    after = take_snapshot(step, reads).sources
    assert before == again
    assert all(before[name] != after[name] for name in ("numpy.random", "DICE"))
    for source, told in (("numpy.random", "numpy.random.rand"), ("DICE", "DICE")):
        found = drawn_at(reads, source, before[source][0], set())
        assert found is not None
        assert (found[0], HERE.name(found[1])) == (told, "draws")
