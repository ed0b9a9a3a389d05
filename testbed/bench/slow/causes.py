"""Names what bounds a step: causes of a closed list, each with its evidence and cure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from testbed.bench.show.units import shown
from testbed.bench.slow.bounds import (
    COMMUNICATION,
    EAGER,
    FETCH,
    HOST,
    INPUT,
    NONE,
    NOT_SCALED,
    RETRACING,
    UNCLEAR,
    UNEVEN,
)
from testbed.bench.slow.input_cure import slowest
from testbed.bench.slow.parts import Measured, Parts, Scale
from testbed.bench.slow.samples import WARM, Samples
from testbed.check.observations.source_line import SourceLine
from testbed.orders.timed import TIMES_LARGER, Reduction

# A part below this share of a step is not worth a change.
_WORTH = 0.15
# Where a program scales like this, nothing has to be changed first.
_GOOD = 0.85
# In no round may it scale worse than this.
_LEAST = 0.6
# Replicas that need more than this share of the cores have too few of them.
_FULL = 1.2
# Without free cores, a smaller part of a step may be a wait for them.
_CERTAIN = 0.5
# In an eager step, the calls of reductions of less take longer than the bytes.
_FEW_BYTES = 2**20
# Larger batches are the cure where replicas then scale like this.
_GAIN = 0.7
# Replicas whose own work differs by less wait for each other by chance.
_APART = 1.3


@dataclass(frozen=True)
class Evidence:
    """What the causes are derived from."""

    samples: Samples
    parts: Parts
    scales: list[Scale]
    room: int
    """How many cores or GPUs all replicas have together."""

    @property
    def replicas(self) -> int:
        """The number of all replicas."""
        return self.samples.deployment.cluster.replicas

    def time(self, share: float) -> str:
        """A share of a step as a time."""
        return shown(share * self.parts.period, "s")

    @property
    def step(self) -> str:
        """The time of a step."""
        return self.time(1)


@dataclass(frozen=True)
class Cause:
    """What bounds a program, and what to do about it."""

    bound_by: str
    """One of BOUNDS."""
    share: float
    """The share of a step that it takes; 0 for `none` and `unclear`."""
    evidence: str
    cure: str
    place: SourceLine | None = None
    """The line to change first."""


def causes_of(seen: Evidence) -> list[Cause]:
    """All causes, the largest first; at least one.

    A program that scales as it should has the cause `none` first. The others then say what would
    make it faster on any number of replicas.
    """
    found = [cause for find in _FINDERS for cause in find(seen)]
    if _filled(seen) or _taken(seen):
        # Replicas that wait for cores do so in any part of a step.
        found = [cause for cause in found if cause.share >= _CERTAIN]
    found.sort(key=lambda cause: -cause.share)
    speedup = seen.scales[-1].speedup
    if speedup and seen.replicas > 1 and _is_good(speedup, seen.replicas):
        text = f"{speedup.value:.2f} times as fast on {seen.replicas} replicas as on one"
        return [Cause(NONE, 0.0, text, ""), *found]
    return found or [_otherwise(seen)]


def _is_good(speedup: Measured, replicas: int) -> bool:
    return speedup.value >= _GOOD * replicas and speedup.low >= _LEAST * replicas


def _is_worth(share: Measured | None) -> bool:
    return share is not None and share.value >= _WORTH and share.low >= _WORTH / 2


def _input(seen: Evidence) -> Iterator[Cause]:
    share, ready, first = seen.parts.input, seen.parts.in_memory, seen.samples.first
    if share is None or ready is None or not _is_worth(share):
        return
    evidence = f"a step of {seen.step} takes {shown(ready, 's')} with its batches in memory"
    if first.rows:
        evidence += (
            f": the input gives {first.rows / seen.parts.period:,.0f} rows a second, a step could"
            f" take {first.rows / ready:,.0f}"
        )
    place, cure = slowest(first.pipeline, seen.samples.deployment.cluster.workers)
    yield Cause(INPUT, share.value, evidence, cure, place or first.place)


def _retracing(seen: Evidence) -> Iterator[Cause]:
    if _is_worth(share := seen.parts.tracing):
        place = seen.samples.first.traced
        name = place.function if place else "a tf.function"
        yield Cause(
            RETRACING,
            share.value,
            f"{name} is still traced after {WARM} steps: {seen.time(share.value)} of"
            f" {seen.step} a step",
            "pass tensors instead of Python numbers, and batches of one shape"
            " (drop_remainder=True); make tf.functions once, outside of the loop",
            place or seen.samples.first.place,
        )


def _fetch(seen: Evidence) -> Iterator[Cause]:
    if _is_worth(share := seen.parts.fetch):
        lines = seen.samples.first.fetches
        yield Cause(
            FETCH,
            share.value,
            f"Python waits {seen.time(share.value)} of {seen.step} a step for values",
            "copy values once in many steps, or keep them in a metric on the devices",
            lines[0] if lines else seen.samples.first.place,
        )


def _communication(seen: Evidence) -> Iterator[Cause]:
    share, rest, first = seen.parts.communication, seen.parts.unreduced, seen.samples.first
    if share is None or rest is None or not _is_worth(share) or _is_of_python(seen):
        return
    total = first.reduced_bytes
    evidence = (
        f"a step of {seen.step} takes {shown(rest, 's')} without its reductions: it"
        f" reduces {shown(total, 'B')} in {len(first.reductions)} values"
    )
    largest = _largest(first.reductions, total)
    cure = "fewer bytes (float16, or gradients of several batches added up before they are applied)"
    if largest:
        evidence += f", {shown(largest.bytes, 'B')} of them for {largest.of}"
        cure = f"make {largest.of} smaller, or take its gradient as tf.IndexedSlices (tf.gather)"
    yield Cause(
        COMMUNICATION,
        share.value,
        evidence,
        f"more rows a step for the same bytes (a larger batch); {cure}",
        first.place,
    )


def _is_of_python(seen: Evidence) -> bool:
    """Whether a reduction of a step takes its time for its calls in Python, not for its bytes."""
    return seen.samples.first.is_eager and seen.samples.first.reduced_bytes < _FEW_BYTES


def _largest(reductions: tuple[Reduction, ...], total: int) -> Reduction | None:
    """The value that has most of the bytes; None if none has, or there is only one."""
    largest = max(reductions, key=lambda each: each.bytes, default=None)
    if largest is None or len(reductions) < 2 or 2 * largest.bytes < total:
        return None
    return largest


def _uneven(seen: Evidence) -> Iterator[Cause]:
    share, first = seen.parts.uneven, seen.samples.first
    if seen.parts.apart < _APART or not _is_worth(share):
        return
    of = "worker" if seen.samples.deployment.cluster.workers > 1 else "replica"
    evidence = (
        f"the slowest {of} works {seen.parts.apart:.2f} times as long as the fastest one, which"
        f" waits for it"
    )
    if len(set(rows := first.rows_of_replicas)) > 1:
        evidence += f"; the replicas get {', '.join(map(str, rows))} rows"
    yield Cause(
        UNEVEN,
        share.value,
        evidence,
        f"give all {of}s the same number of rows, and the same work",
        first.place,
    )


def _fixed(seen: Evidence) -> Iterator[Cause]:
    """The causes of what a step takes however few rows it has; the first that holds."""
    share, first = seen.parts.fixed, seen.samples.first
    if share is None or not _is_worth(share):
        return
    time = f"{seen.time(share.value)} of {seen.step} a step"
    same = f"{time} are the same with {TIMES_LARGER} times as many rows"
    gap = seen.parts.between
    if gap.value >= share.value / 2 and _is_worth(gap):
        evidence = f"Python takes {seen.time(gap.value)} of {seen.step} a step between its calls"
        cure = "do less between the steps, or do it once in many steps"
        yield Cause(HOST, gap.value, evidence, cure, first.place)
    elif first.is_eager:
        evidence = f"strategy.run is called outside of a tf.function: {same}"
        cure = (
            "put @tf.function around the function that calls strategy.run; with Keras, compile"
            " without run_eagerly=True"
        )
        talk = seen.parts.communication
        of_calls = talk.value if talk and _is_of_python(seen) else 0.0
        yield Cause(EAGER, min(1.0, share.value + of_calls), evidence, cure, first.place)
    elif scaled := _with_scaled_batches(seen):
        each = first.rows // seen.replicas
        evidence = f"each replica gets {each} of the {first.rows} rows that one had, and {same}"
        yield Cause(NOT_SCALED, share.value, evidence, scaled, first.place)
    else:
        steps = (
            "steps_per_execution in compile, or a loop of several steps within the tf.function"
            if first.steps_of_a_call == 1
            else f"or more than {first.steps_of_a_call:.3g} steps in a call"
        )
        cure = f"more work a call: much larger batches, {steps}"
        yield Cause(HOST, share.value, same, cure, first.place)


def _with_scaled_batches(seen: Evidence) -> str:
    """What batches that grow with the replicas would gain; empty where they would not help."""
    one, rows = seen.samples.one, seen.samples.first.rows
    if not one or not rows or rows != one.rows or seen.parts.scaled is None or seen.replicas == 1:
        return ""
    alone = seen.scales[0].periods
    gain = seen.replicas * statistics.median(alone) / seen.parts.scaled
    if gain < _GAIN * seen.replicas:
        return ""
    return (
        f"take batches of {rows} x strategy.num_replicas_in_sync rows, and choose the learning rate"
        f" for them: {seen.replicas} replicas should then be {gain:.1f} times as fast as one"
    )


def _otherwise(seen: Evidence) -> Cause:
    """Where no part is worth a change: the machine is full, or it is not known."""
    speedup = seen.scales[-1].speedup
    if speedup is None:
        return Cause(UNCLEAR, 0.0, "the program could not be run on one replica", "")
    times = f"{speedup.value:.2f} times as fast on {seen.replicas} replicas as on one"
    if filled := _filled(seen):
        cure = "measure on a machine with more cores, or with GPUs"
        return Cause(NONE, 0.0, f"{times}: {filled}", cure)
    if taken := _taken(seen):
        return Cause(NONE, 0.0, f"{times}: {taken}", "end the other programs, and measure again")
    parts = {"input": seen.parts.input, "communication": seen.parts.communication}
    hidden = [name for name, share in parts.items() if share and share.high >= 2 * _WORTH]
    why = "no part of a step explains it"
    if hidden:
        why = f"the noise is too large to tell {' and '.join(hidden)}"
    return Cause(UNCLEAR, 0.0, f"{times}; {why}", "raise --rounds, on a quiet machine")


def _filled(seen: Evidence) -> str:
    """Why more replicas have nothing to gain on this machine; empty where they have."""
    cores, room = seen.parts.cores, seen.room
    if cores is None or cores * seen.replicas <= _FULL * room:
        return ""
    return (
        f"one replica alone keeps {cores:.1f} of {room} cores busy, so more replicas can gain"
        " little on this machine"
    )


def _taken(seen: Evidence) -> str:
    """Why they have nothing to gain beside the other programs; empty where they have."""
    cores, busy, room = seen.parts.cores, seen.parts.busy, seen.room
    if cores is None or busy <= cores or busy + cores * (seen.replicas - 1) <= _FULL * room:
        return ""
    return (
        f"one replica keeps {cores:.1f} of {room} cores busy, and other programs"
        f" {busy - cores:.1f}, so more replicas can gain little now"
    )


_FINDERS: tuple[Callable[[Evidence], Iterator[Cause]], ...] = (
    _input,
    _retracing,
    _fetch,
    _communication,
    _uneven,
    _fixed,
)
