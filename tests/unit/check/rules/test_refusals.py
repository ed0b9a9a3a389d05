"""Exceptions that are known, or whose message names replication as their cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.check.finding import CODES
from testbed.check.formats import as_github
from testbed.check.observations.seen import (
    ProgramError,
)
from testbed.check.observations.traces import Leak
from testbed.check.result import CheckResult
from testbed.check.rules.refusals import is_consequence, raised
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.check.text import describe
from testbed.verdict.raised_error import StackFrame
from tests.unit.check.builders import at, seen_of, told

MERGE_CALL = ProgramError(
    "RuntimeError", "`merge_call` called while defining a new graph or a tf.function.", at(25)
)
UNKNOWN = ProgramError(
    "ValueError", "A DistributedVariable is green.\nIt has [1. 2. 3. 4. 5. 6.] in it.", at(25)
)


def of_message(message: str, kind: str = "ValueError") -> list[tuple[str, int, str]]:
    """What is found of an exception."""
    return told(raised([seen_of(raised=ProgramError(kind, message, at(25)))]))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ValueError", "you are using a PerReplica object while not inside a replica context."),
        ("TypeError", "unsupported operand type(s) for +: 'PerReplica' and 'float'"),
        ("TypeError", "unsupported operand type(s) for *: 'int' and 'PerReplica'"),
        ("ValueError", "Attempt to convert a value (PerReplica:{ 0: 1 }) with an unsupported type"),
        ("TypeError", "must be real number, not 'PerReplica'"),
        ("AttributeError", "'PerReplica' object has no attribute 'numpy'"),
    ],
)
def test_a_per_replica_value_that_is_used_as_a_tensor(kind: str, message: str) -> None:
    """What TensorFlow and Python say of a value for each replica, whoever raises it."""
    frame = (StackFrame("train.py", 25, "main"),)
    for by_author in (True, False):
        problem = ProgramError(kind, message, at(25), by_author=by_author, frames=frame)
        found = told(raised([seen_of(raised=problem)]))
        assert found == [("TB304", 25, f"{kind}: {message}")]


def test_a_tensor_of_a_finished_trace_that_is_used() -> None:
    """Where it is used TensorFlow says so; where it is kept, if that was seen, says more."""
    message = "<tf.Tensor 'mul:0' shape=()> is out of scope and cannot be used here."
    assert of_message(message, "TypeError") == [("TB303", 25, f"TypeError: {message}")]
    kept = Leak("kept", "mul:0", at(3))
    seen = seen_of(raised=ProgramError("TypeError", message, at(25)), leaks=(kept,))
    assert told(raised([seen])) == []


def test_a_known_error_has_its_own_words() -> None:
    """Its entry says what is wrong, why, and what to do, and where to read more."""
    (found,) = raised([seen_of(raised=MERGE_CALL)])
    evidence = f"RuntimeError: {MERGE_CALL.message}"
    assert told([found]) == [("TB501", 25, evidence)]
    assert found.about.level == CODES["TB501"].level
    assert found.about.scenario == "control_flow.assigned_in_if"
    first, seen, why, cure = describe(found)
    assert first.endswith(
        "error TB501 rejected: replicas synchronise inside a condition, a loop or a nested"
        " tf.function"
    )
    assert seen == f"  seen: {evidence}"
    assert "synchronise all replicas" in why
    assert cure.startswith("  cure: move the condition out of strategy.run")
    assert cure.endswith("(testbed explain merge_call_in_control_flow)")
    assert as_github(CheckResult([found])).endswith(
        "(testbed explain merge_call_in_control_flow)\n"
    )


def test_an_unknown_error_is_shown_whole_without_a_cure() -> None:
    """All lines are shown, with long tensors shortened; nothing is guessed."""
    (found,) = raised([seen_of(raised=UNKNOWN)])
    assert found.about == CODES["TB501"]
    assert describe(found)[1:3] == [
        "  seen: ValueError: A DistributedVariable is green.",
        "        It has [1., ..., 6.] in it.",
    ]
    assert told(raised([seen_of(raised=replace(UNKNOWN, by_author=True))])) == []


def test_what_goes_wrong_by_itself() -> None:
    """An unknown exception that says nothing of replication is no finding of the first run."""
    assert of_message("boom") == []
    assert of_message("", "KeyboardInterrupt") == []
    assert of_message("", "AssertionError") == []
    assert told(raised([seen_of()])) == []


def test_an_assertion_without_a_word_is_known_by_its_frames() -> None:
    """An AssertionError of TensorFlow without a message has its entry."""
    frames = (StackFrame("/lib/tensorflow/python/distribute/mirrored_strategy.py", 8, "_update"),)
    problem = ProgramError("AssertionError", "", at(25), frames=frames)
    (found,) = raised([seen_of(raised=problem)])
    assert told([found]) == [("TB501", 25, "AssertionError with an empty message")]
    assert "optimizer_updates_unmirrored_variable" in found.about.cure


def test_the_failure_of_another_worker_is_no_finding() -> None:
    """A worker that lost its peer shows a consequence; the cause is the peer's."""
    lost = ProgramError("UnavailableError", "The following tasks are unhealthy", at(7))
    assert told(raised([seen_of(raised=lost)])) == []
    both = [seen_of(raised=lost), seen_of(raised=MERGE_CALL, worker=1)]
    assert [code for code, *_ in told(raised(both))] == ["TB501"]


def test_the_code_that_autograph_quotes_is_not_what_was_said() -> None:
    """An exception of a tf.function is told by its own words, not by the code around them."""
    said = (
        "in user code:\n\n    File 'train.py', line 25, in step  *\n"
        "        x and 'PerReplica' and y\n\n"
        "    TypeError: {}\n"
    )
    assert of_message(said.format("my own\n    second"), "TypeError") == []
    assert of_message(said.format(said.format("my own")), "TypeError") == []
    inner = said.format(said.format("real number, not 'PerReplica'"))
    assert of_message(inner, "TypeError") == [
        ("TB304", 25, "TypeError: real number, not 'PerReplica'")
    ]


def test_the_first_worker_with_such_an_exception_is_told() -> None:
    """What other workers raise by themselves is passed over, and one finding is enough."""
    message = "real number, not 'PerReplica'"
    problems = [None, ProgramError("ValueError", "boom", at(1))]
    problems += [ProgramError("TypeError", message, each) for each in (None, at(3))]
    workers = [seen_of(raised=problem, worker=at) for at, problem in enumerate(problems)]
    assert told(raised(workers)) == [("TB304", 0, f"TypeError: {message}")]


def test_a_known_error_of_the_run_without_replication() -> None:
    """The comparison with one replica gets the same words; an unknown error gets none."""
    (known,), (unknown,) = (
        list(unlike(Doubts(raised=problem), seen_of())) for problem in (MERGE_CALL, UNKNOWN)
    )
    assert known.explanation
    assert "merge_call_in_control_flow" in known.explanation.cure
    assert unknown.explanation is None
    assert unknown.about == CODES["TB501"]


def test_an_error_that_follows_from_another_worker_s() -> None:
    """It is told from the failure itself by the table of known errors."""
    gone = "The following tasks are unhealthy (stopped sending heartbeats): task:1"
    assert not is_consequence(ProgramError("IndexError", "list index out of range", None))
    assert is_consequence(ProgramError("UnavailableError", gone, None))
