"""Exceptions whose message names replication as their cause, and who chooses the words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.check.finding import CODES, Explanation
from testbed.check.formats import as_github
from testbed.check.rules import refusals
from testbed.check.rules.refusals import raised
from testbed.check.rules.unreplicated import Doubts, unlike
from testbed.check.seen import Leak, ProgramError
from testbed.check.text import describe
from tests.unit.check.builders import at, seen_of, told


def of_message(message: str, kind: str = "ValueError") -> list[tuple[str, int, str]]:
    """What is found of an exception."""
    return told(raised([seen_of(raised=ProgramError(kind, message, at(25)))]))


@pytest.mark.parametrize(
    "message",
    [
        "you are using a PerReplica object while not inside a replica context.",
        "unsupported operand type(s) for +: 'PerReplica' and 'float'",
        "unsupported operand type(s) for *: 'int' and 'PerReplica'",
        "Attempt to convert a value (PerReplica:{ 0: 1 }) with an unsupported type",
        "must be real number, not 'PerReplica'",
    ],
)
def test_a_per_replica_value_that_is_used_as_a_tensor(message: str) -> None:
    """What TensorFlow and Python say of a value for each replica."""
    assert of_message(message) == [("TB304", 25, f"ValueError: {message}")]


def test_a_tensor_of_a_finished_trace_that_is_used() -> None:
    """Where it is used TensorFlow says so; where it is kept, if that was seen, says more."""
    message = "<tf.Tensor 'mul:0' shape=()> is out of scope and cannot be used here."
    assert of_message(message, "TypeError") == [("TB303", 25, f"TypeError: {message}")]
    kept = Leak("kept", "mul:0", at(3))
    seen = seen_of(raised=ProgramError("TypeError", message, at(25)), leaks=(kept,))
    assert told(raised([seen])) == []


@pytest.mark.parametrize(
    "message",
    [
        "`merge_call` called while defining a new graph or a tf.function.",
        "Mixing different tf.distribute.Strategy objects: a is not b",
        "int() argument must be a string or a real number, not 'MirroredVariable'",
    ],
)
def test_what_tensorflow_refuses(message: str) -> None:
    """What it says of strategies and scopes; what the author raises is his own affair."""
    problem = ProgramError("RuntimeError", message, at(25))
    assert told(raised([seen_of(raised=problem)])) == [("TB501", 25, f"RuntimeError: {message}")]
    assert told(raised([seen_of(raised=replace(problem, by_author=True))])) == []


def test_what_goes_wrong_by_itself() -> None:
    """An exception that says nothing of replication is no finding of the first run."""
    assert of_message("boom") == []
    assert of_message("", "KeyboardInterrupt") == []
    own = ProgramError("AssertionError", "", at(25), by_author=True)
    assert told(raised([seen_of(raised=own)])) == []
    assert told(raised([seen_of()])) == []


def test_an_assertion_of_tensorflow_says_nothing() -> None:
    """An AssertionError without a message, of TensorFlow's, is told to be empty."""
    evidence = "AssertionError with an empty message"
    assert of_message("", "AssertionError") == [("TB501", 25, evidence)]


def test_the_code_that_autograph_quotes_is_not_what_was_said() -> None:
    """An exception of a tf.function is told by its own words, not by the code around them."""
    said = (
        "in user code:\n\n    File 'train.py', line 25, in step  *\n"
        "        x and 'PerReplica' and y\n\n"
        "    ValueError: {}\n"
    )
    assert of_message(said.format("my own\n    second")) == []
    assert of_message(said.format(said.format("my own"))) == []
    assert of_message(said.format(said.format("real number, not 'PerReplica'"))) == [
        ("TB304", 25, "ValueError: real number, not 'PerReplica'")
    ]


def test_the_first_worker_with_such_an_exception_is_told() -> None:
    """What other workers raise by themselves is passed over, and one finding is enough."""
    message = "real number, not 'PerReplica'"
    problems = [None, ProgramError("ValueError", "boom", at(1))]
    problems += [ProgramError("ValueError", message, each) for each in (None, at(3))]
    workers = [seen_of(raised=problem, worker=at) for at, problem in enumerate(problems)]
    assert told(raised(workers)) == [("TB304", 0, f"ValueError: {message}")]


SCOPES = ProgramError("RuntimeError", "Mixing different tf.distribute.Strategy objects", at(25))

KNOWN = Explanation("two strategies are mixed", "each has a scope", "use one", "mixed.two")


def of_strategies(problem: ProgramError) -> Explanation | None:
    """A table of one known error."""
    return KNOWN if "Mixing" in problem.message else None


def test_a_table_of_known_errors_chooses_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first table that knows the exception explains it; code, level and evidence stay."""
    tables = (lambda _: None, of_strategies, lambda _: replace(KNOWN, title="another"))
    monkeypatch.setattr(refusals, "KNOWN_ERRORS", tables)
    (found,) = raised([seen_of(raised=SCOPES)])
    evidence = "RuntimeError: Mixing different tf.distribute.Strategy objects"
    assert told([found]) == [("TB501", 25, evidence)]
    about = found.about
    assert (about.what, about.why, about.cure, about.scenario) == tuple(vars(KNOWN).values())
    assert (about.code, about.level) == ("TB501", CODES["TB501"].level)
    lines = describe(found)
    assert lines[0].endswith("error TB501 rejected: two strategies are mixed")
    assert lines[1:] == [f"  seen: {evidence}", "  why:  each has a scope", "  cure: use one"]
    assert as_github([found]).endswith(f"{evidence}. use one\n")


def test_a_known_error_of_the_run_without_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison with one replica gets the same words."""
    monkeypatch.setattr(refusals, "KNOWN_ERRORS", (of_strategies,))
    known, unknown = (
        list(unlike(Doubts(raised=problem), seen_of()))
        for problem in (SCOPES, replace(SCOPES, message="boom"))
    )
    assert [each.explanation for each in known] == [KNOWN]
    assert [each.explanation for each in unknown] == [None]
    assert unknown[0].about == CODES["TB501"]
