"""Copies and workers after a step that raised in the middle: what is excused, and what is not."""

from __future__ import annotations

import pytest

from testbed.check.observations.seen import ProgramError
from testbed.check.rules.variables.values import copies
from tests.unit.check.builders import mirrored, seen_of, told


@pytest.mark.parametrize(
    ("looks", "failed", "found"),
    [
        ([(1, (1, 1)), (4, (4, 3))], [4], []),
        ([(4, (4, 3))], [4], []),
        ([(1, (1, 1)), (4, (4, 3))], [3], []),
        ([(1, (1, 1))], [2], []),
        ([(1, (1, 0)), (4, (4, 3))], [4], ["TB201"]),
        ([(4, (4, 4)), (4, (4, 3))], [4], ["TB201"]),
        ([(4, (4, 4)), (4, (4, 4))], [4], ["TB201"]),
        ([(1, (1, 1)), (4, (4, 3))], [5], ["TB201"]),
        ([(4, (4, 3))], [], ["TB201"]),
    ],
)
def test_a_step_that_raised_excuses_copies_that_it_parts(
    looks: list[tuple[int, tuple[int, int]]], failed: list[int], found: list[str]
) -> None:
    """What differs before a failed step, or only after the look that follows it, is a finding."""
    seen = seen_of(mirrored(copies=(5, 4), looks=tuple(looks)), failed_steps=tuple(failed))
    assert [code for code, _, _ in told(copies([seen]))] == found


def test_a_variable_that_is_made_after_a_failed_step_is_not_excused() -> None:
    """The failure cannot have written it."""
    seen = seen_of(mirrored(copies=(5, 4), step=4), failed_steps=(4,))
    assert [code for code, _, _ in told(copies([seen]))] == ["TB201"]


def test_a_step_that_raised_on_one_worker_excuses_a_difference_between_workers() -> None:
    """One worker may have finished the step, and another one not."""
    looks = [((1, (1,)), (4, (end,))) for end in (4, 3)]
    workers = [
        seen_of(mirrored(copies=each[-1][1], looks=each), failed_steps=failed, worker=number)
        for number, (each, failed) in enumerate(zip(looks, [(), (4,)], strict=True))
    ]
    assert told(copies(workers)) == []


def test_the_values_after_a_failed_step_are_not_those_of_a_whole_step() -> None:
    """Of a program that raised in its fourth step, those after the second one are compared."""
    boom = ProgramError("ValueError", "boom", None)
    looks = ((2, (2, 2)), (4, (4, 3)))
    seen = seen_of(mirrored(copies=(4, 3), looks=looks), failed_steps=(4,), raised=boom)
    assert told(copies([seen])) == []
