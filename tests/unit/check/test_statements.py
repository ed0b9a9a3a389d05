"""The statement that changes a name, found in the author's text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.statements import (
    changing_statement,
    is_kept_on_purpose,
    overwriting_statement,
    storing_statement,
)

Find = Callable[..., tuple[int, str] | None]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Finds what changes a name in a text: line and function."""

    def find(text: str, name: str, kind: str = "number") -> tuple[int, str] | None:
        # Each text is parsed once.
        file = tmp_path / f"own_{len(list(tmp_path.iterdir()))}.py"
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        place = changing_statement(str(file), name, kind)
        assert place is None or place.file == str(file)
        return (place.line, place.function) if place else None

    return find


@pytest.mark.parametrize(
    "statement", ["STEPS += 1", "STEPS = STEPS + 1", "STEPS: int = 2", "other, STEPS = 1, 2"]
)
def test_a_global_that_a_function_sets(find: Find, statement: str) -> None:
    """However it is set; setting it at the top of the file is no change."""
    text = f"""
        STEPS = 0
        def replica(x):
            global STEPS
            {statement}
            return x
        STEPS = 5
    """
    assert find(text, "STEPS") == (4, "replica")


@pytest.mark.parametrize("name", ["self.seen", "trainer.seen", "Trainer.seen", "self.a.b.seen"])
def test_an_attribute_counts_by_its_last_part(find: Find, name: str) -> None:
    """The object has another name inside of its methods than outside."""
    text = """
        class Trainer:
            seen = 0
            def __init__(self):
                self.seen = 0
            def step(self, x):
                self.seen += 1
    """
    assert find(text, name) == (6, "step")


def test_a_constructor_changes_nothing(find: Find) -> None:
    """What only a constructor sets has its first value there."""
    assert find("class A:\n    def __init__(self):\n        self.n = 0\n", "self.n") is None


def test_the_top_of_a_file_changes_nothing(find: Find) -> None:
    """What stands in no function is run once, before any replica."""
    text = """
        STEPS = 0
        for _ in range(3):
            STEPS += 1
        losses = []
        losses.append(1)
        class A:
            STEPS = 3
    """
    assert find(text, "STEPS") is None
    assert find(text, "losses", "list") is None


def test_a_plain_name_is_no_attribute(find: Find) -> None:
    """`steps` is neither `self.steps` nor a part of another name, and the other way round."""
    text = """
        def one(self):
            self.steps = 1
            steps_done = 2
            steps[0] = 3
        def two():
            global steps
            steps = 4
    """
    assert find(text, "steps") == (7, "two")
    assert find(text, "self.steps") == (2, "one")


@pytest.mark.parametrize(
    "statement",
    [
        "losses.append(x)",
        "losses.extend([x])",
        "losses.insert(0, x)",
        "self.losses += [x]",
        "state.losses.append(x)",
    ],
)
def test_a_list_that_a_function_makes_grow(find: Find, statement: str) -> None:
    """By one of its methods or by +=, under whatever object it is held."""
    text = f"losses = []\ndef replica(x):\n    y = x\n    {statement}\n"
    assert find(text, "losses", "list") == (4, "replica")
    assert find(text, "self.losses", "list") == (4, "replica")
    own = "def replica(x):\n    global losses\n    losses += [x]\n"
    assert find(own, "losses", "list") == (3, "replica")


@pytest.mark.parametrize(
    "statement", ["losses.pop()", "other.append(x)", "append(x)", "x = losses.append", "losses(x)"]
)
def test_what_does_not_make_a_list_grow(find: Find, statement: str) -> None:
    """Another method, another list, and what is no call of one."""
    assert find(f"def replica(x):\n    {statement}\n", "losses", "list") is None


def test_a_kind_is_not_the_other_one(find: Find) -> None:
    """A list that is only set does not grow, and a number is not appended to."""
    text = "def a():\n    global x\n    x = []\ndef b():\n    x.append(1)\n"
    assert find(text, "x", "list") == (5, "b")
    assert find(text, "x", "number") == (3, "a")


@pytest.mark.parametrize("name", ["counts['a']", "self.counts['a']", "counts[(1, 2)]"])
def test_an_entry_of_a_dictionary(find: Find, name: str) -> None:
    """An entry is set by its dictionary, whatever the key is called there."""
    text = """
        def replica(key):
            counts_of = 1
            local = {}
            local[key] = 1
            state.counts[key] += 1
    """
    assert find(text, name) == (5, "replica")


def test_functions_within_functions_and_blocks(find: Find) -> None:
    """Wherever a statement stands in a function, asynchronous ones included."""
    text = """
        async def train():
            with scope:
                for _ in data:
                    global STEPS
                    STEPS += 1
    """
    assert find(text, "STEPS") == (5, "train")
    assert find("", "STEPS") is None


def test_the_name_of_another_function_is_another_one(find: Find) -> None:
    """What a function sets without declaring it is its own, and so is a list that it has made."""
    text = """
        steps, losses = 0, []
        def load():
            steps = 5
            losses = []
            losses.append(1)
        def replica(x):
            global steps
            steps += 1
            losses.append(x)
    """
    assert find(text, "steps") == (8, "replica")
    assert find(text, "losses", "list") == (9, "replica")


def test_a_closure_changes_what_the_function_around_it_has_made(find: Find) -> None:
    """The first value that a function gives to a name is no change; what the one inside does is."""
    text = """
        def main():
            steps, losses = 0, []
            def replica(x):
                nonlocal steps
                steps += 1
                losses.append(x)
            strategy.run(replica)
            losses.append(0)
    """
    assert find(text, "steps") == (5, "replica")
    assert find(text, "losses", "list") == (6, "replica")


def test_the_first_statement_is_the_first_in_the_text(find: Find) -> None:
    """However deep it stands, and not counting the constructor of a class in a function."""
    text = """
        def build():
            class Counter:
                def __init__(self):
                    self.n = 0
                def step(self):
                    if True:
                        self.n += 1
                    self.n = 0
            return Counter()
    """
    assert find(text, "self.n") == (7, "step")


def test_a_file_with_a_mark_or_an_encoding_of_its_own(tmp_path: Path) -> None:
    """A text is decoded as Python decodes it."""
    for name, start in (("mark.py", b"\xef\xbb\xbf"), ("latin.py", b"# coding: latin-1 \xe9\n")):
        (tmp_path / name).write_bytes(start + b"def f():\n    global n\n    n = 1\n")
        place = changing_statement(str(tmp_path / name), "n", "number")
        assert place is not None
        assert place.function == "f"


@pytest.mark.parametrize("text", ["def broken(:\n    STEPS = 1\n", "x = 1\0"])
def test_a_file_that_is_no_python(find: Find, text: str) -> None:
    """In a text that cannot be parsed nothing is found."""
    assert find(text, "STEPS") is None


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """No file, a folder, and bytes that are no text hold no statement."""
    (tmp_path / "bytes.py").write_bytes(b"\xff")
    for path in (tmp_path / "absent.py", tmp_path, tmp_path / "bytes.py"):
        assert changing_statement(str(path), "STEPS", "number") is None
        assert storing_statement(str(path), "STEPS") is None


def test_what_is_stored_under_a_name_or_in_its_list(tmp_path: Path) -> None:
    """A tensor is kept by setting a name, or by appending to a list."""
    file = tmp_path / "own.py"
    file.write_text("def step(x):\n    global last\n    kept.append(x)\n    last = x\n")
    assert storing_statement(str(file), "last") == SourceLine(str(file), 4, "step")
    assert storing_statement(str(file), "kept") == SourceLine(str(file), 3, "step")
    assert storing_statement(str(file), "x") is None


@pytest.fixture
def overwriting(tmp_path: Path) -> Callable[..., int | None]:
    """Finds what puts something new in the place of the old: its line."""

    def find(text: str, name: str, **more: bool) -> int | None:
        file = tmp_path / f"own_{len(list(tmp_path.iterdir()))}.py"
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        place = overwriting_statement(str(file), name, **more)
        return place.line if place else None

    return find


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("LAST", "LAST = loss(x)"),
        ("self.last", "self.last = loss(x)"),
        ("latest['loss']", "latest['loss'] = loss(x)"),
    ],
)
def test_what_is_overwritten(overwriting: Any, name: str, statement: str) -> None:
    """A new value in the place of the old; a reset to nothing elsewhere is not it."""
    text = f"""
        def reset(self):
            global LAST
            LAST = self.last = latest['loss'] = None
        def replica(self, x):
            global LAST
            latest['other'] = x
            {statement}
    """
    assert overwriting(text, name) == 7


@pytest.mark.parametrize(
    "statement",
    [
        "TOTAL += x",
        "TOTAL = TOTAL + x",
        "if x > TOTAL: TOTAL = x",
        "if TOTAL is None: TOTAL = f(x)",
    ],
)
def test_what_depends_on_the_old_is_not_overwritten(overwriting: Any, statement: str) -> None:
    """A sum, a maximum, and what is made once: what each replica adds to it is kept."""
    text = f"""
        def replica(x):
            global TOTAL
            {statement}
    """
    assert overwriting(text, "TOTAL") is None


def test_one_function_that_adds_is_enough(overwriting: Any) -> None:
    """A sum that begins anew in another function is a sum."""
    text = """
        class Mean:
            def begin(self, first):
                self.total = first
            def add(self, x):
                self.total += x
    """
    assert overwriting(text, "self.total") is None


def test_an_element_that_is_overwritten(overwriting: Any) -> None:
    """An array has elements that are set, where its name is not."""
    text = """
        def replica(x):
            history[0] = x
    """
    assert overwriting(text, "history") is None
    assert overwriting(text, "history", element=True) == 2


def test_a_local_name_is_nobody_elses(overwriting: Any) -> None:
    """A function that sets a name of its own overwrites nothing."""
    text = """
        def replica(x):
            LAST = x
            return LAST
    """
    assert overwriting(text, "LAST") is None


@pytest.mark.parametrize(
    ("text", "line", "kept"),
    [
        ("def f(self):\n    self.noise = draw()", 2, True),
        ("def f():\n    global NOISE\n    NOISE = draw()", 3, True),
        ("def __init__(self):\n    self.noise = draw()", 2, True),
        ("@functools.cache\ndef f():\n    return draw()", 3, True),
        ("def f():\n    noise = draw()\n    return noise", 2, False),
        ("def f():\n    return draw()", 2, False),
        ("NOISE = draw()", 1, False),
    ],
)
def test_what_is_kept_on_purpose(tmp_path: Path, text: str, line: int, kept: bool) -> None:
    """Under a name of more than the function, or by a cache."""
    file = tmp_path / "own.py"
    file.write_text(text, encoding="utf-8")
    assert is_kept_on_purpose(SourceLine(str(file), line)) is kept
