"""Takes snapshots of the values that a tf.function may read, before and after a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from testbed.check.seen import SourceLine
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
    snapshot = Snapshot()
    if reads.draws:
        streams = {draw.rpartition(".")[0] for draw in reads.draws}
        states = states_of_streams()
        snapshot.sources = {name: (None, states[name]) for name in sorted(streams)}
    # If several objects have such an attribute, the one that is read is unknown.
    unsure: dict[str, list[Spot]] = {}
    for spot, value in reached_from(function, []) if reads.names else ():
        read = _read_as(spot, reads)
        if read is None:
            continue
        state = state_of_source(value)
        traced = traced_value_of(value) if state is None else None
        if state is not None:
            snapshot.sources[spot.name] = (read, state)
        elif traced is not None and (traced.kind != "array" or read in reads.contents):
            snapshot.values[spot] = traced
            if read.owner is None:
                unsure.setdefault(read.name, []).append(spot)
    for spots in unsure.values():
        for spot in spots if len(spots) > 1 else ():
            del snapshot.values[spot]
    return snapshot


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
