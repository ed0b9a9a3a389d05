"""Rule about random numbers that replicas or workers should draw independently, and do not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.seen import Draw, Given, SourceLine, WorkerObservations

# A single draw, or a few numbers, may be equal by chance.
_FEWEST = 2
_FEWEST_NUMBERS = 16

Line = tuple["SourceLine | None", "SourceLine | None"]


def alike(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lines at which replicas draw the same numbers as other replicas."""
    if any(each.raised for each in seen):
        return
    lines: dict[Line, list[tuple[WorkerObservations, Draw]]] = {}
    for each in seen:
        for draw in each.draws:
            lines.setdefault((draw.step, draw.place), []).append((each, draw))
    same = {line for line, drawn in lines.items() if _are_alike(seen, drawn)}
    shapes = {birth.shape for birth in seen[0].births}
    for line, drawn in lines.items():
        step, place = line
        first = drawn[0][1]
        if line not in same or not first.shape or first.shape in shapes or _asked(seen, step):
            continue
        if _is_fed(seen, step):
            matters = first.origin != "fixed" and _is_batch_of(first)
        else:
            # Replicas without inputs differ only by the numbers that they draw.
            matters = all(other in same for other in lines if other[0] == step) and (
                _is_brought_together(seen, step, first)
            )
        if matters:
            within = len({worker.worker for worker, _ in drawn}) < len(drawn)
            yield _finding(place, drawn, within=within)


def _finding(
    place: SourceLine | None, drawn: list[tuple[WorkerObservations, Draw]], *, within: bool
) -> Finding:
    how = {
        "seeded": "by the same seeds",
        "fixed": "by the same seed",
        "generator": "from generators of the same state",
        "drawn": f"in each of {len(drawn[0][1].numbers)} draws",
    }[drawn[0][1].origin]
    if within:
        return Finding("TB603", place, f"{len(drawn)} replicas draw the same numbers {how}")
    return Finding("TB604", place, f"{len(drawn)} workers draw the same numbers {how}")


def _are_alike(
    seen: Sequence[WorkerObservations], drawn: list[tuple[WorkerObservations, Draw]]
) -> bool:
    """Whether all replicas certainly drew the same numbers."""
    replicas = {draw.replica for _, draw in drawn}
    if len(replicas) < max(2, sum(each.replicas for each in seen)):
        return False
    first = drawn[0][1]
    if first.origin == "generator":
        return _is_one_stream(seen, drawn)
    if any((draw.origin, draw.numbers) != (first.origin, first.numbers) for _, draw in drawn):
        return False
    if first.origin == "drawn":
        numbers = math.prod(size or 1 for size in first.shape or ()) * len(first.numbers)
        return len(set(first.numbers)) >= _FEWEST and numbers >= _FEWEST_NUMBERS
    return first.origin in ("seeded", "fixed")


def _is_one_stream(
    seen: Sequence[WorkerObservations], drawn: list[tuple[WorkerObservations, Draw]]
) -> bool:
    """Whether each worker has a separate generator, and all of them end in the same state."""
    if any(each.replicas > 1 for each in seen):
        # The replicas of one worker draw from one generator in turn.
        return False
    states = []
    for each, draw in drawn:
        number = int(draw.numbers[0])
        birth = next((birth for birth in each.births if birth.number == number), None)
        if birth is None or birth.distributed or not birth.copies:
            return False
        states.append(birth.copies)
    return all(state == states[0] for state in states)


def _given(seen: Sequence[WorkerObservations], step: SourceLine | None) -> list[Given]:
    return [given for each in seen for given in each.given if given.place == step]


def _asked(seen: Sequence[WorkerObservations], step: SourceLine | None) -> bool:
    return any(given.asked for given in _given(seen, step))


def _is_fed(seen: Sequence[WorkerObservations], step: SourceLine | None) -> bool:
    return any(given.fed for given in _given(seen, step))


def _is_brought_together(
    seen: Sequence[WorkerObservations], step: SourceLine | None, draw: Draw
) -> bool:
    """Whether the results of all replicas are combined; otherwise only the first one may count."""
    how = {each for given in _given(seen, step) for each in given.combined}
    # A mean of values that are meant to be equal is a way to take one of them.
    return bool(how - {"MEAN"} if draw.origin == "fixed" else how)


def _is_batch_of(draw: Draw) -> bool:
    """Whether one number is drawn for each example: as many entries as the step's inputs have."""
    first = draw.shape[0] if draw.shape else 0
    return first is None or (first > 1 and first in draw.sizes)
