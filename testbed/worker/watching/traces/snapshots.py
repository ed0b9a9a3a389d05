"""Takes snapshots of the values that a tf.function may read, before and after a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.object_graph import Spot, reached_from
from testbed.worker.watching.traces.bytecode_reads import BytecodeReads, Lines, Name, name_of
from testbed.worker.watching.traces.traced_values import (
    TracedValue,
    state_of_source,
    states_of_streams,
    traced_value_of,
)


@dataclass
class Snapshot:
    """The values that a function may read, at one time."""

    values: dict[Spot, TracedValue] = field(default_factory=dict)
    sources: dict[str, tuple[Name | None, int | None]] = field(default_factory=dict)
    """Sources of random numbers: the name by which the code reads each (None for a shared stream),
    and a digest of its state."""


def take_snapshot(function: Any, reads: BytecodeReads) -> Snapshot:
    """Take a snapshot of the values that a function may read now."""
    snapshot = Snapshot(sources=_streams(reads))
    unsure: dict[str, list[Spot]] = {}
    for spot, read, value in _read_from(function, reads):
        state = state_of_source(value)
        if state is not None:
            snapshot.sources[spot.name] = (read, state)
        elif traced := _traced(value, contents=read in reads.contents):
            snapshot.values[spot] = traced
            if read.owner is None:
                unsure.setdefault(read.name, []).append(spot)
    # If several objects have such an attribute, the one that is read is unknown.
    for spots in unsure.values():
        if len(spots) > 1:
            snapshot.values = {s: kept for s, kept in snapshot.values.items() if s not in spots}
    return snapshot


def _streams(reads: BytecodeReads) -> dict[str, tuple[Name | None, int | None]]:
    """The shared streams from which the code draws, and their states."""
    streams = {draw.rpartition(".")[0] for draw in reads.draws}
    states = states_of_streams() if streams else {}
    return {name: (None, states[name]) for name in sorted(streams)}


def _read_from(function: Any, reads: BytecodeReads) -> Iterator[tuple[Spot, Name, Any]]:
    """The spots that the code reads, the name by which it reads each, and their values."""
    for spot, value in reached_from(function, []) if reads.names else ():
        read = _read_as(spot, reads)
        if read is not None:
            yield spot, read, value


def _traced(value: Any, *, contents: bool) -> TracedValue | None:
    """The value that a trace keeps; None for an array of which it does not keep the contents."""
    traced = traced_value_of(value)
    return traced if traced and (contents or traced.kind != "array") else None


def place_of(spot: Spot, reads: BytecodeReads, without: Lines) -> SourceLine | None:
    """The first line that reads a spot, except for the lines in `without`."""
    read = _read_as(spot, reads)
    return reads.place(read, without) if read else None


def drawn_at(
    reads: BytecodeReads, source: str, read: Name | None, without: Lines
) -> tuple[str, SourceLine] | None:
    """The function that draws from a source, and its line, except for lines in `without`."""
    if read is not None:
        place = reads.place(read, without)
        return (source, place) if place else None
    for draw in reads.draws:
        place = reads.place_of_draw(draw, without)
        if draw.rpartition(".")[0] == source and place:
            return draw, place
    return None


def _read_as(spot: Spot, reads: BytecodeReads) -> Name | None:
    """The name by which the code reads a spot; None if it does not."""
    if spot.name.endswith("]"):
        return None
    name = name_of(spot)
    if name in reads.names:
        return name
    unknown = Name(name.name, "", None)
    return unknown if "." in spot.name and unknown in reads.names else None
