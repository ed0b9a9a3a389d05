"""Where a worker was blocked, from the stacks that it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

import testbed
from testbed.launcher.stacks import NOWHERE, where_blocked

PACKAGE = Path(testbed.__file__).parent

LIBRARY = (
    '  File "/usr/lib/python3.11/threading.py", line 327 in wait\n'
    '  File "/opt/site-packages/tensorflow/execute.py", line 53 in quick_execute\n'
    '  File "/opt/dist-packages/numpy/core.py", line 9 in sum\n'
)
MACHINERY = f'  File "{PACKAGE}/worker/bed.py", line 50 in run\n'
SHIPPED = f'  File "{PACKAGE}/scenarios/ways.py", line 7 in counter\n'
AUTHOR = '  File "/home/me/train.py", line 12 in step\n'
OUTER = '  File "/home/me/train.py", line 40 in <module>\n'
HEAD = "Current thread 0x00007f (most recent call first):\n"
REPLICA = "Thread 0x00008a (most recent call first):\n"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (HEAD + LIBRARY + AUTHOR + MACHINERY + OUTER, "train.py:12 in step"),
        (HEAD + LIBRARY + OUTER, "train.py:40 in <module>"),
        (REPLICA + LIBRARY + AUTHOR + "\n" + HEAD + LIBRARY + OUTER, "train.py:12 in step"),
        (REPLICA + LIBRARY + "\n" + HEAD + LIBRARY + OUTER, "train.py:40 in <module>"),
        (HEAD + LIBRARY + MACHINERY, ""),
        (HEAD + SHIPPED + OUTER, "ways.py:7 in counter"),
        (HEAD + '  File "/my files/a b.py", line 3 in <lambda>\n', "a b.py:3 in <lambda>"),
        ('not a frame: File "/home/me/train.py", line 12 in step\n', ""),
        ("", ""),
    ],
    ids=["inner", "outer", "replica first", "only main", "nobody's", "shipped", "spaces",
         "no frame", "empty"],
)  # fmt: skip
def test_the_innermost_frame_of_the_author_is_told(tmp_path: Path, text: str, where: str) -> None:
    """The deepest line that is neither library nor testbed says where a worker waits."""
    stacks = tmp_path / "worker-0.stacks"
    stacks.write_text(text, encoding="utf-8")
    assert where_blocked(stacks).at == where


@pytest.mark.parametrize("file", ["<frozen importlib._bootstrap>", "<string>"])
def test_frames_of_no_file_are_nobody_s(tmp_path: Path, file: str) -> None:
    """A worker blocked in an import, or in generated code, is told by the script's own line."""
    stacks = tmp_path / "worker-0.stacks"
    inner = f'  File "{file}", line 241 in _call_with_frames_removed\n'
    stacks.write_text(HEAD + LIBRARY + inner + OUTER, encoding="utf-8")
    assert where_blocked(stacks).at == "train.py:40 in <module>"


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    """Stacks that were cut off within a letter are read as far as they go."""
    stacks = tmp_path / "worker-0.stacks"
    stacks.write_bytes((HEAD + AUTHOR).encode() + b"  File \xff\xfe")
    assert where_blocked(stacks).at == "train.py:12 in step"


def test_without_stacks_nothing_is_told(tmp_path: Path) -> None:
    """A worker that wrote no stacks has no place, and that is no error."""
    assert where_blocked(tmp_path / "worker-0.stacks") == NOWHERE


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (HEAD + LIBRARY + AUTHOR, True),
        (HEAD + AUTHOR + LIBRARY + OUTER, False),
        (HEAD + LIBRARY + MACHINERY, True),
        (HEAD + MACHINERY + LIBRARY.replace("tensorflow", "numpy"), False),
        (REPLICA + LIBRARY + AUTHOR + "\n" + HEAD + OUTER, True),
    ],
    ids=["called", "called by it", "joining", "no TensorFlow", "replica"],
)
def test_whether_tensorflow_was_called(tmp_path: Path, text: str, inside: bool) -> None:
    """TensorFlow holds a worker where it stands between the author's line and the innermost one."""
    stacks = tmp_path / "worker-0.stacks"
    stacks.write_text(text, encoding="utf-8")
    assert where_blocked(stacks).in_tensorflow == inside
