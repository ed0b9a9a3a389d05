"""Exceptions as they are recorded, without what libraries add to their messages."""

from __future__ import annotations

import pytest

from testbed.verdict.raised_error import RaisedError, StackFrame

OF_AUTOGRAPH = """\
in user code:

    File "/home/me/train.py", line 10, in step  *
        optimizer.apply_gradients(pairs)
    File "/lib/keras/src/optimizers/base_optimizer.py", line 501, in apply  **
        raise ValueError: not this one

    ValueError: Unknown variable: kernel.
"""

OF_RUNTIME = """\
Graph execution error:

Detected at node cond/Placeholder defined at (most recent call last):
  File "/home/me/train.py", line 10, in <module>

  File "/home/me/train.py", line 7, in step

2 root error(s) found.
  (0) INVALID_ARGUMENT:  You must feed a value for 'cond/Placeholder'
\t [[{{node cond/Placeholder}}]]
\t [[cond/_46]]
  (1) INVALID_ARGUMENT:  You must feed a value for 'cond/Placeholder'
\t [[{{node cond/Placeholder}}]]
0 successful operations.
0 derived errors ignored. [Op:__inference_step_892]"""

OF_KERAS = """\
Exception encountered when calling Cond.call().

\x1b[1m`merge_call` called while defining a new graph.\x1b[0m
"""

EAGER = (
    "{{function_node __wrapped__AddN_device_/job:localhost/device:CPU:0}} Inputs differ."
    " [Op:AddN] name: "
)


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        ("End of sequence", "End of sequence"),
        ("", ""),
        (OF_AUTOGRAPH, "Unknown variable: kernel."),
        (OF_RUNTIME, "You must feed a value for 'cond/Placeholder'"),
        (
            OF_KERAS,
            "Exception encountered when calling Cond.call().\n"
            "`merge_call` called while defining a new graph.",
        ),
        (EAGER, "Inputs differ."),
        ('in user code:\n\n    File "a.py", line 1, in f  *\n\n    ValueError: \n', ""),
    ],
)
def test_a_message_is_freed_of_what_libraries_add(message: str, plain: str) -> None:
    """Stacks, names of operations and colours go; what went wrong stays."""
    assert RaisedError("ValueError", message).plain == plain


def test_a_message_begins_with_a_stack_or_not() -> None:
    """AutoGraph and the runtime put a stack before what went wrong."""
    assert RaisedError("ValueError", OF_AUTOGRAPH).has_stack
    assert RaisedError("ValueError", OF_RUNTIME).has_stack
    assert not RaisedError("ValueError", EAGER).has_stack


def test_the_frames_of_the_message_are_frames() -> None:
    """AutoGraph names frames in the message that the traceback does not have."""
    outer = StackFrame("/home/me/train.py", 20, "<module>")
    raised = RaisedError("ValueError", OF_AUTOGRAPH, (outer,))
    assert raised.all_frames == (
        outer,
        StackFrame("/home/me/train.py", 10, "step"),
        StackFrame("/lib/keras/src/optimizers/base_optimizer.py", 501, "apply"),
    )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ("[1. 2. 3. 4.]", "[1. 2. 3. 4.]"),
        ("[1. 2. 3. 4. 5.]", "[1., ..., 5.]"),
        ("[[1.5e-3, nan],\n [-inf, 2.],\n [3., 4.]]", "[1.5e-3, ..., 4.]"),
        ("shape=(3, 1)", "shape=(3, 1)"),
    ],
)
def test_long_tensors_are_shortened(values: str, shown: str) -> None:
    """Of more than a few values only the first and the last are shown."""
    assert RaisedError("ValueError", f"not {values}!").brief == f"ValueError: not {shown}!"


def test_an_error_in_one_line() -> None:
    """The headline is the type and the first line; an empty message is said to be empty."""
    assert RaisedError("ValueError", "one\ntwo").headline == "ValueError: one"
    assert RaisedError("AssertionError", "").headline == "AssertionError with an empty message"
