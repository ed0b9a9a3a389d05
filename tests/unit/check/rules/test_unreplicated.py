"""What a run without replication tells of what the other one has shown."""

from __future__ import annotations

import pytest

from testbed.check.observations.file_use import FileUse
from testbed.check.observations.seen import NoGradient, ProgramError, WorkerObservations
from testbed.check.rules.unreplicated import Doubts, unlike
from tests.unit.check.builders import at, seen_of, told

BESIDE = "without replication the program finishes"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            ProgramError("RuntimeError", "\nmerge_call\nand there", at(25)),
            f"RuntimeError: merge_call; {BESIDE}\nand there",
        ),
        (
            ProgramError("AssertionError", "", at(25)),
            f"AssertionError with an empty message; {BESIDE}",
        ),
        (ProgramError("ValueError", "x" * 300, at(25)), f"ValueError: {'x' * 300}; {BESIDE}"),
    ],
)
def test_what_is_raised_only_under_replication(problem: ProgramError, line: str) -> None:
    """The message is shown whole, beside what the second run has shown."""
    assert told(list(unlike(Doubts(problem), seen_of()))) == [("TB501", 25, line)]


def test_what_nothing_is_raised_of() -> None:
    """A run that ends as the other one does tells nothing."""
    assert told(list(unlike(Doubts(), seen_of()))) == []


def test_what_hangs_only_under_replication() -> None:
    """It is told where the first worker stands."""
    doubts = Doubts(hang="worker 0 stays at train.py:12 in step", place=at(12))
    evidence = f"worker 0 stays at train.py:12 in step; {BESIDE}"
    assert told(list(unlike(doubts, seen_of()))) == [("TB404", 12, evidence)]


def test_a_gradient_that_is_lost() -> None:
    """No gradient is a finding where the same line finds one without replication."""
    lost = Doubts(no_gradients=(NoGradient("w:0", at(12)), NoGradient("b:0", at(19))))
    alone = seen_of(no_gradients=(NoGradient("b:0", at(19)),))
    evidence = "no gradient of 'w' is found, and without replication one is"
    assert told(list(unlike(lost, alone))) == [("TB502", 12, evidence)]
    assert told(list(unlike(lost, seen_of(no_gradients=lost.no_gradients)))) == []


def test_a_gradient_of_nobodys_line() -> None:
    """What a library asks for by itself says nothing of the author's code."""
    lost = Doubts(no_gradients=(NoGradient("w:0", None),))
    assert told(list(unlike(lost, seen_of()))) == []


def test_a_file_that_a_single_worker_writes_before_it_reads_it() -> None:
    """The failed reading is the finding, and not that TensorFlow refuses something."""
    raised = ProgramError("FileNotFoundError", "No such file: '/a/b'", at(9))
    write = FileUse("write", "/a/b", "b", at(7), "here")
    doubts, alone = Doubts(raised), WorkerObservations(files=(write,))
    assert [each.code for each in unlike(doubts, alone)] == ["TB802"]
    assert [each.code for each in unlike(doubts, WorkerObservations())] == ["TB501"]
