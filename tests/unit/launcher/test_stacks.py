"""Where a worker was blocked, from the stacks that it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

import testbed
from testbed.launcher.cluster.stacks import NOWHERE, is_whole, telling_part, where_blocked

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


@pytest.mark.parametrize(
    "file",
    ["<frozen importlib._bootstrap>", "<string>", "/tmp/__autograph_generated_file4fu5kzzq.py"],
)
def test_frames_of_no_file_are_nobody_s(tmp_path: Path, file: str) -> None:
    """A worker blocked in an import, or in generated code, is told by the script's own line."""
    stacks = tmp_path / "worker-0.stacks"
    inner = f'  File "{file}", line 241 in _call_with_frames_removed\n'
    stacks.write_text(HEAD + LIBRARY + inner + OUTER, encoding="utf-8")
    assert where_blocked(stacks).at == "train.py:40 in <module>"


def test_the_author_s_lines_of_all_threads(tmp_path: Path) -> None:
    """A replica's thread waits in a step that the main thread runs: both lines are known."""
    stacks = tmp_path / "worker-0.stacks"
    text = REPLICA + LIBRARY + AUTHOR + "\n" + HEAD + LIBRARY + OUTER + MACHINERY
    stacks.write_text(text, encoding="utf-8")
    found = where_blocked(stacks)
    assert found.lines == (("/home/me/train.py", 12), ("/home/me/train.py", 40))
    assert (found.file, found.line) == found.lines[0]


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


STARTED = '  File "<frozen runpy>", line 198 in _run_module_as_main\n'


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (REPLICA + LIBRARY + "\n" + HEAD + OUTER + STARTED, True),
        (HEAD + OUTER + STARTED + "\n", True),
        (HEAD + LIBRARY + "  ...\n", True),
        (REPLICA + LIBRARY + "\n" + HEAD + OUTER, False),
        (REPLICA + LIBRARY, False),
        ("", False),
    ],
    ids=["whole", "line after it", "too deep", "main thread half", "main thread missing", "empty"],
)
def test_stacks_are_whole_when_the_main_thread_is(tmp_path: Path, text: str, whole: bool) -> None:
    """A worker that still writes its stacks is not taken for one that has written them."""
    stacks = tmp_path / "worker-0.stacks"
    assert not is_whole(stacks)
    stacks.write_text(text, encoding="utf-8")
    assert is_whole(stacks) == whole


def test_the_telling_part_is_the_author_s_code_and_what_it_called(tmp_path: Path) -> None:
    """Threads that only wait are left out, and so is what started the author's code."""
    stacks = tmp_path / "worker-0.stacks"
    assert telling_part(stacks) == ""
    idle = REPLICA + '  File "/usr/lib/python3.11/selectors.py", line 415 in select\n'
    stacks.write_text(idle + "\n" + HEAD + LIBRARY + AUTHOR + MACHINERY + STARTED, encoding="utf-8")
    told = telling_part(stacks)
    assert told.splitlines()[0] == 'File "/usr/lib/python3.11/threading.py", line 327 in wait'
    assert told.splitlines()[3:] == [AUTHOR.strip(), "", f"(all of them: {stacks})"]
    stacks.write_text(idle, encoding="utf-8")
    assert telling_part(stacks) == idle
