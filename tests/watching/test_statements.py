"""The statements of a file that change a name."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.statements import (
    changing_statement,
    filling_statement,
    is_kept_on_purpose,
    is_used,
    overwriting_statement,
    storing_statement,
    tree_of,
)

PROGRAM = """\
import functools
STEPS = 0
class Tally:
    def __init__(self):
        self.seen = 0
    def step(self):
        self.seen += 1
        self.losses.append(1)
        self.counts['a'] = f()
def one():
    global STEPS
    STEPS = STEPS + 1
def two():
    STEPS = 5
def three():
    global LAST
    LAST = compute()
def four():
    global BEST
    BEST = max(BEST, compute())
def five():
    rows[2] = compute()
def six():
    global ZERO
    ZERO = 0
def seven():
    local = []
    local.append(1)
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "train.py"
    path.write_text(PROGRAM)
    return str(path)


@pytest.mark.parametrize(
    ("name", "kind", "line", "function"),
    [
        ("STEPS", "number", 12, "one"),
        ("self.seen", "number", 7, "step"),
        ("tally.losses", "list", 8, "step"),
        ("self.counts['a']", "number", 9, "step"),
        ("LAST", "number", 17, "three"),
    ],
)
def test_the_statement_that_changes_a_name(
    file: str, name: str, kind: str, line: int, function: str
) -> None:
    """Constructors, and functions whose own name it is, do not count."""
    assert changing_statement(file, name, kind) == SourceLine(file, line, function)


def test_what_no_function_changes_has_no_statement(file: str) -> None:
    """Neither an unknown name, nor a list of the function's own, nor a missing file."""
    assert changing_statement(file, "NOTHING", "number") is None
    assert changing_statement(file, "local", "list") is None
    assert changing_statement(f"{file}.gone", "STEPS", "number") is None
    assert tree_of(f"{file}.gone") is None


def test_a_store_is_an_assignment_or_an_append(file: str) -> None:
    """Both kinds are found."""
    assert storing_statement(file, "LAST") == SourceLine(file, 17, "three")
    assert storing_statement(file, "self.losses") == SourceLine(file, 8, "step")


def test_overwriting_depends_on_nothing_that_was_there(file: str) -> None:
    """Adding, keeping the better, and a constant are no such thing."""
    assert overwriting_statement(file, "LAST") == SourceLine(file, 17, "three")
    for name in ("self.seen", "STEPS", "BEST", "ZERO"):
        assert overwriting_statement(file, name) is None
    assert overwriting_statement(file, "rows") is None
    assert overwriting_statement(file, "rows", element=True) == SourceLine(file, 22, "five")
    assert overwriting_statement(file, "self.counts['a']") == SourceLine(file, 9, "step")
    assert overwriting_statement(file, "self.counts['b']") is None


def test_a_cached_value_is_kept_on_purpose(tmp_path: Path) -> None:
    """So is one that is stored beyond its function; a local one is not."""
    path = tmp_path / "cached.py"
    path.write_text(
        textwrap.dedent("""\
        @functools.cache
        def noise():
            return draw()
        class Model:
            def build(self):
                self.noise = draw()
        def step():
            noise = draw()
            return noise
        """)
    )
    lines = {line: is_kept_on_purpose(SourceLine(str(path), line)) for line in (3, 6, 8, 9)}
    assert lines == {3: True, 6: True, 8: False, 9: False}


@pytest.mark.parametrize(
    ("rest", "used"),
    [
        ("return 1 / self.calls", True),
        ("if x:\n            print(self.calls)", True),
        ("return x", False),
        ("self.calls = 0", False),
    ],
)
def test_whether_a_function_computes_with_what_it_changes(
    tmp_path: Path, rest: str, used: bool
) -> None:
    """Only a read in another statement of the same function counts."""
    file = tmp_path / "program.py"
    text = f"class A:\n    def f(self, x):\n        self.calls += 1\n        {rest}\n"
    file.write_text(text + "    def g(self):\n        return self.calls\n")
    assert is_used("self.calls", SourceLine(str(file), 3, "f")) == used


FILLING = """\
ids = {}
words = number(text)
both = {}
class Reader:
    def __init__(self):
        self.names = {"<pad>": 0}
        self.made = number(text)
        self.empty = dict()
    def fit(self):
        self.names[word] = len(self.names)
def one():
    both = number(text)
    for word in text:
        ids[word] = len(ids)
def two():
    both = {}
    rows = [both.setdefault(word, len(both)) for word in text]
    tables['a'] = number(text)
    tables['b'] = number(text)
    both.update(number(text))
def three(words: dict):
    kept: dict = number(text)
    written = {"a": 0}
"""


@pytest.mark.parametrize(
    ("name", "function", "line", "inside"),
    [
        ("ids", "", 14, "one"),
        ("words", "", 2, "<module>"),
        ("words", "three", 2, "<module>"),
        ("both", "one", 12, "one"),
        ("both", "two", 17, "two"),
        ("self.names", "", 10, "fit"),
        ("reader.made", "", 7, "__init__"),
        ("tables['b']", "two", 19, "two"),
        ("kept", "three", 22, "three"),
    ],
)
def test_what_fills_a_dict(
    tmp_path: Path, name: str, function: str, line: int, inside: str
) -> None:
    """A statement that adds entries counts before one that computes all; its own scope first."""
    path = tmp_path / "train.py"
    path.write_text(FILLING)
    place = SourceLine(str(path), line, inside)
    assert filling_statement(str(path), name, function) == place


@pytest.mark.parametrize("name", ["written", "self.empty", "other", "tables['c']"])
def test_a_dict_that_nothing_fills(tmp_path: Path, name: str) -> None:
    """What is written down is the same on each worker."""
    path = tmp_path / "train.py"
    path.write_text(FILLING)
    assert filling_statement(str(path), name) is None
    assert filling_statement("nowhere.py", name) is None
