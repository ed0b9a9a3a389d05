"""The table of known errors: complete entries, and how errors and pasted texts find theirs."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from testbed.catalogue.selection import select
from testbed.check.explanation import of_error, page_of
from testbed.check.known_errors.entry import MIRRORED, START, WORKERS, KnownError, Sign
from testbed.check.known_errors.matching import (
    all_known_errors,
    find_known_error,
    known,
    known_error_named,
)
from testbed.check.known_errors.pasted import errors_in
from testbed.cli.main import main
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.verdict.raised_error import RaisedError, StackFrame

PROGRAMS = Path(__file__).resolve().parents[2] / "check/known_errors"
ENTRIES = all_known_errors()
SCENARIOS = {case.scenario for case in select([], list(DEFAULT_DEPLOYMENTS), None).cases}
LONGEST_CODE = 14

each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)

MERGE_CALL = "`merge_call` called while defining a new graph or a tf.function. This can often ..."
NO_MATCH = "ValueError: shapes (2, 3) and (4,) not aligned"

KERAS_FIT = """\
[worker 0] Traceback (most recent call last):
[worker 0]   File "/home/me/train.py", line 8, in <module>
[worker 0]     model.fit(x, y)
[worker 0]   File "/lib/keras/src/utils/traceback_utils.py", line 122, in error_handler
[worker 0]     raise e.with_traceback(filtered_tb) from None
[worker 0] ValueError: Attempt to convert a value (PerReplica:{
[worker 0]   0: <tf.Tensor: shape=(4, 3), dtype=float32>
[worker 0] }) with an unsupported type (<class 'PerReplica'>) to a Tensor.
"""

SILENT = """\
Traceback (most recent call last):
  File "train.py", line 21, in <module>
    strategy.run(step)
  File "/lib/tensorflow/python/distribute/mirrored_strategy.py", line 806, in _update
    assert isinstance(var, values.DistributedVariable)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
AssertionError
"""

HEARTBEAT_OF_2_16 = (
    "Collective ops is aborted by: Error reported from /job:worker/task:1:"
    " Task /job:worker/replica:0/task:1 heartbeat timeout."
)

LAYER_OF_KERAS_2 = """\
TypeError: Inputs to a layer should be tensors. Got 'PerReplica:{
  0: tf.Tensor([[1. 1. 1.]], shape=(1, 3), dtype=float32)
}' (of type <class 'PerReplica'>) as input for layer 'sequential'.
"""

OF_PYTEST = """\
    def test_training():
>       train()
E       tensorflow.python.framework.errors_impl.UnknownError: Could not start gRPC server
"""

CHAINED = f"""\
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    strategy.run(step)
RuntimeError: {MERGE_CALL}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "train.py", line 5, in <module>
    raise Failed("training failed")
FailedError: training failed
"""


def test_every_entry_has_its_own_name_and_program() -> None:
    """Slugs are names of files, each once, and each names a program that raises the error."""
    slugs = [entry.slug for entry in ENTRIES]
    assert sorted(slugs) == sorted(path.stem for path in PROGRAMS.glob("*.py"))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", slug) for slug in slugs)


@each_entry
def test_the_texts_of_an_entry_use_names_that_all_signs_give(entry: KnownError) -> None:
    """Cause and cure can be filled in, whichever sign was recognised."""
    used = {
        name
        for text in (entry.cause, entry.cure)
        for _, name, _, _ in string.Formatter().parse(text)
        if name is not None
    }
    for sign in entry.signs:
        given = {START, *re.compile(sign.message).groupindex, *re.compile(sign.frame).groupindex}
        assert used <= given, sign


@each_entry
def test_an_entry_shows_short_code(entry: KnownError) -> None:
    """Wrong and right code are Python of a few lines each, and differ."""
    assert entry.wrong != entry.right
    for code in (entry.wrong, entry.right):
        ast.parse(code)
        assert len(code.splitlines()) <= LONGEST_CODE
        assert max(map(len, code.splitlines())) <= 100


@each_entry
def test_an_entry_refers_to_what_is_there(entry: KnownError) -> None:
    """Its scenario is in the catalogue, its strategy is known, and its threads are threads."""
    assert entry.strategy in (MIRRORED, WORKERS)
    assert not entry.scenario or entry.scenario in SCENARIOS
    assert all(re.fullmatch(r"[\w./-]+#\d+", thread) for thread in entry.threads)
    assert entry.seen_on
    assert entry.title
    assert all(sign.message or sign.frame for sign in entry.signs)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        (MERGE_CALL, "merge_call_in_control_flow"),
        (f"RuntimeError: {MERGE_CALL}", "merge_call_in_control_flow"),
        (CHAINED, "merge_call_in_control_flow"),
        (KERAS_FIT, "keras_3_fit_on_workers"),
        (KERAS_FIT.replace("[worker 0] ", ""), "keras_3_fit_on_workers"),
        (KERAS_FIT.replace("[worker 0] ", "worker 0 | "), "keras_3_fit_on_workers"),
        (KERAS_FIT.replace("[worker 0] ", "0: "), "keras_3_fit_on_workers"),
        (KERAS_FIT.replace("keras/src/utils", "mine"), "per_replica_as_tensor"),
        (SILENT, "optimizer_updates_unmirrored_variable"),
        (OF_PYTEST, "port_is_taken"),
        (HEARTBEAT_OF_2_16, "worker_is_gone"),
        (LAYER_OF_KERAS_2, "distributed_batch_for_layer"),
        (
            "Collective ops must be configured at program startup",
            "collectives_after_first_operation",
        ),
    ],
)
def test_a_pasted_text_finds_its_entry(text: str, slug: str) -> None:
    """A message alone, a traceback, and the output of a launch or of pytest are understood."""
    match = find_known_error(text)
    assert match
    assert match.error.slug == slug


@pytest.mark.parametrize(
    "text", ["", "AssertionError", NO_MATCH, "Training has ended.", f"{MERGE_CALL[:13]} is nice"]
)
def test_a_text_without_a_known_error_finds_nothing(text: str) -> None:
    """Where nothing is known, nothing is said."""
    assert find_known_error(text) is None


def test_an_error_without_a_word_needs_its_frames() -> None:
    """An empty message is known by the function that raised it, and by nothing else."""
    frames = (StackFrame("/lib/tensorflow/python/distribute/mirrored_strategy.py", 806, "_update"),)
    assert known(RaisedError("AssertionError", "", frames))
    assert known(RaisedError("AssertionError", "")) is None
    assert known(RaisedError("AssertionError", "two", frames)) is None


def test_the_type_counts() -> None:
    """The same words in another class of exception are not the known error."""
    assert known(RaisedError("RuntimeError", MERGE_CALL))
    assert known(RaisedError("MyError", MERGE_CALL)) is None


def test_names_of_the_message_are_in_cause_and_cure() -> None:
    """The cause speaks of the program's own variable."""
    message = (
        "`colocate_vars_with` must only be passed a variable created in this"
        " tf.distribute.Strategy.scope(), not: <tf.Variable 'dense/kernel:0' shape=(3, 1)>"
    )
    match = known(RaisedError("ValueError", message))
    assert match
    assert "'dense/kernel'" in match.cause
    assert "'dense/kernel'" in match.cure


def test_a_sign_looks_at_frames_from_the_innermost() -> None:
    """The pattern sees each frame with the function that it called."""
    sign = Sign(("ValueError",), r"(?P<what>\w+)", r"(?P<file>\w+)\.py:run>check")
    frames = (
        StackFrame("outer.py", 1, "run"),
        StackFrame("inner.py", 2, "run"),
        StackFrame("last.py", 3, "check"),
    )
    raised = RaisedError("ValueError", "boom", frames)
    assert sign.names_in(raised) == {"what": "boom", "file": "inner"}
    assert sign.names_in(RaisedError("ValueError", "boom", frames[:1])) is None


def test_errors_are_read_with_their_frames() -> None:
    """Each error of a text has the message and the frames that belong to it."""
    first, second = errors_in(CHAINED)
    assert (first.type, first.message) == ("RuntimeError", MERGE_CALL)
    assert first.frames == (StackFrame("train.py", 3, "<module>"),)
    assert (second.type, second.message) == ("FailedError", "training failed")
    assert second.frames == (StackFrame("train.py", 5, "<module>"),)


@each_entry
def test_an_entry_is_explained_without_a_program(entry: KnownError) -> None:
    """Its page has cause and cure in general terms, both pieces of code, and its sources."""
    match = known_error_named(entry.slug)
    assert match
    assert match.error is entry
    page = "\n".join(page_of(of_error(match), 80))
    said = " ".join(page.split())
    assert entry.title in said
    assert match.cure in said
    shown = "".join(page.split())
    assert all("".join(code.split()) in shown for code in (entry.wrong, entry.right))
    assert all(thread in page for thread in entry.threads)


def test_a_name_that_no_entry_has() -> None:
    """Nothing is explained under a name that is not in the table."""
    assert known_error_named("merge") is None


def test_explain_takes_names_and_messages(capsys: pytest.CaptureFixture[str]) -> None:
    """`testbed explain` shows the page for the name that launch prints, and for a message."""
    assert main(["explain", "merge_call_in_control_flow"]) == 0
    named = capsys.readouterr().out
    assert main(["explain", f"RuntimeError: {MERGE_CALL}"]) == 0
    assert capsys.readouterr().out == named
    assert named.startswith(
        "merge_call_in_control_flow (known error)\n\nmeaning: replicas synchronise"
    )
