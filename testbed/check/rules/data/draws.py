"""Rule about random numbers that replicas or workers should draw independently, and do not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from testbed.check.finding import Finding
from testbed.check.observations.seen import (
    Draw,
    Given,
    SourceLine,
    VariableCreated,
    WorkerObservations,
)

# A single draw, or a few numbers, may be equal by chance.
_FEWEST = 2
_FEWEST_NUMBERS = 16

_HOW = {
    "seeded": "by the same seeds",
    "fixed": "by the same seed",
}


@dataclass
class _DrawingLine:
    """A line at which replicas draw random numbers in one step."""

    step: SourceLine | None
    place: SourceLine | None
    drawn: list[tuple[WorkerObservations, Draw]] = field(default_factory=list)
    """The draws of all replicas, with the worker of each."""

    @property
    def first(self) -> Draw:
        """The draw of the first replica."""
        return self.drawn[0][1]


def alike(seen: Sequence[WorkerObservations]) -> Iterator[Finding]:
    """Find lines at which replicas draw the same numbers as other replicas."""
    if any(each.raised for each in seen):
        return
    lines = _drawing_lines(seen)
    same = [line for line in lines if _are_alike(seen, line)]
    apart = {line.step for line in lines if line not in same}
    for line in same:
        if _is_data(seen[0], line) and _matters(seen, line, alone=line.step not in apart):
            yield _finding(seen, line)


def _drawing_lines(seen: Sequence[WorkerObservations]) -> list[_DrawingLine]:
    lines: dict[object, _DrawingLine] = {}
    for each in seen:
        for draw in each.draws:
            line = lines.setdefault((draw.step, draw.place), _DrawingLine(draw.step, draw.place))
            line.drawn.append((each, draw))
    return list(lines.values())


def _is_data(seen: WorkerObservations, line: _DrawingLine) -> bool:
    """Whether it draws many numbers, and surely not the initial value of a variable."""
    shape = line.first.shape
    return bool(shape) and all(birth.shape != shape for birth in seen.births)


def _matters(seen: Sequence[WorkerObservations], line: _DrawingLine, *, alone: bool) -> bool:
    """Whether replicas that draw the same numbers at a line do the same work.

    Args:
        seen: the observations of all workers.
        line: the line at which all replicas draw the same numbers.
        alone: whether they also do at all other lines of the step.
    """
    given = [given for each in seen for given in each.given if given.place == line.step]
    if any(each.asked for each in given):
        # The replicas differ by design.
        return False
    if any(each.fed for each in given):
        return line.first.origin != "fixed" and _is_batch_of(line.first)
    # Replicas without inputs differ only by the numbers that they draw.
    return alone and _are_combined(given, line.first)


def _finding(seen: Sequence[WorkerObservations], line: _DrawingLine) -> Finding:
    number = len(line.drawn)
    if births := _equal_generators(seen, line):
        evidence = (
            f"{len(births)} workers draw the same numbers from generators of the same state: this"
            " line makes one on each worker"
        )
        return Finding("TB604", births[0].place or line.place, evidence, line.place)
    how = _HOW.get(line.first.origin, f"in each of {len(line.first.numbers)} draws")
    if len({worker.worker for worker, _ in line.drawn}) < number:
        return Finding("TB603", line.place, f"{number} replicas draw the same numbers {how}")
    return Finding("TB604", line.place, f"{number} workers draw the same numbers {how}")


def _are_alike(seen: Sequence[WorkerObservations], line: _DrawingLine) -> bool:
    """Whether all replicas certainly drew the same numbers."""
    replicas = {draw.replica for _, draw in line.drawn}
    if len(replicas) < max(2, sum(each.replicas for each in seen)):
        return False
    if line.first.generator is not None and _equal_generators(seen, line):
        return True
    equal = len({(draw.origin, draw.numbers) for _, draw in line.drawn}) == 1
    return equal and (line.first.origin in ("seeded", "fixed") or _are_many(line.first))


def _are_many(draw: Draw) -> bool:
    """Whether so many different numbers are known that they are not equal by chance."""
    numbers = math.prod(size or 1 for size in draw.shape or ()) * len(draw.numbers)
    different = len(set(draw.numbers))
    return draw.origin == "drawn" and different >= _FEWEST and numbers >= _FEWEST_NUMBERS


def _equal_generators(
    seen: Sequence[WorkerObservations], line: _DrawingLine
) -> list[VariableCreated]:
    """The generator of each worker, if all of them end in the same state; else none.

    The replicas of one worker draw from one generator in turn.
    """
    of_draws = [[draw.generator for by, draw in line.drawn if by is each] for each in seen]
    births = [
        next((birth for birth in each.births if birth.number == numbers[0]), None)
        for each, numbers in zip(seen, of_draws, strict=True)
        if len(set(numbers)) == 1
    ]
    separate = [each for each in births if each and each.copies and not each.distributed]
    alike = len(separate) == len(seen) > 1 and len({each.place for each in separate}) == 1
    return separate if alike and all(e.copies == separate[0].copies for e in separate) else []


def _are_combined(given: Sequence[Given], draw: Draw) -> bool:
    """Whether the results of all replicas are combined; otherwise only the first one may count."""
    how = {each for step in given for each in step.combined}
    # A mean of values that are meant to be equal is a way to take one of them.
    return bool(how - {"MEAN"} if draw.origin == "fixed" else how)


def _is_batch_of(draw: Draw) -> bool:
    """Whether one number is drawn for each example: as many entries as the step's inputs have."""
    first = draw.shape[0] if draw.shape else 0
    return first is None or (first > 1 and first in draw.sizes)
