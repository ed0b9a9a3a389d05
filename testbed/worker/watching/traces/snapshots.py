"""What a tf.function may read, looked at before or after a call of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from testbed.check.seen import SourceLine
from testbed.worker.watching.python_state.object_graph import Spot, reached_from
from testbed.worker.watching.traces.bytecode_reads import Lines, Name, Reads, name_of
from testbed.worker.watching.traces.traced_values import (
    Kept,
    kept_of,
    state_of_source,
    states_of_streams,
)


@dataclass
class Look:
    """What is there at one time."""

    values: dict[Spot, Kept] = field(default_factory=dict)
    sources: dict[str, tuple[Name | None, int | None]] = field(default_factory=dict)
    """Of random numbers: how the code reads each, none of a shared stream, and where it is."""


def look_at(function: Any, reads: Reads) -> Look:
    """What a function may read now."""
    look = Look()
    if reads.draws:
        streams = {draw.rpartition(".")[0] for draw in reads.draws}
        states = states_of_streams()
        look.sources = {name: (None, states[name]) for name in sorted(streams)}
    # Of several objects that have such an attribute nobody knows which one is read.
    unsure: dict[str, list[Spot]] = {}
    for spot, value in reached_from(function, []) if reads.names else ():
        read = _read_as(spot, reads)
        if read is None:
            continue
        state = state_of_source(value)
        kept = kept_of(value) if state is None else None
        if state is not None:
            look.sources[spot.name] = (read, state)
        elif kept is not None and (kept.kind != "array" or read in reads.contents):
            look.values[spot] = kept
            if read.owner is None:
                unsure.setdefault(read.name, []).append(spot)
    for spots in unsure.values():
        for spot in spots if len(spots) > 1 else ():
            del look.values[spot]
    return look


def place_of(spot: Spot, reads: Reads, without: Lines) -> SourceLine | None:
    """Where a spot is read, but for some lines."""
    read = _read_as(spot, reads)
    return reads.place(read, without) if read else None


def drawn_at(
    reads: Reads, source: str, read: Name | None, without: Lines
) -> tuple[str, SourceLine] | None:
    """What draws from a source, and where, but for some lines."""
    if read is not None:
        place = reads.place(read, without)
        return (source, place) if place else None
    for draw in reads.draws:
        place = reads.place_of_draw(draw, without)
        if draw.rpartition(".")[0] == source and place:
            return draw, place
    return None


def _read_as(spot: Spot, reads: Reads) -> Name | None:
    """The name by which the code reads what is kept in a spot."""
    if spot.name.endswith("]"):
        return None
    name = name_of(spot)
    if name in reads.names:
        return name
    unknown = Name(name.name, "", None)
    return unknown if "." in spot.name and unknown in reads.names else None
