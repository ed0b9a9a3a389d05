"""The page of a code: what it says, and how it fits a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.check.explanation import SIDE_BY_SIDE, of_code, page_of
from testbed.check.finding import CODES, Code

ALL = pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))


def words_of(*lines: str) -> str:
    return " ".join(" ".join(lines).split())


@ALL
def test_every_code_has_its_page(code: Code) -> None:
    """Its name, meaning, cause, cure, when it is meant, what shows it, and how it is silenced."""
    lines = page_of(of_code(code), 80)
    assert lines[0] == f"{code.title} ({code.level})"
    said = words_of(*lines)
    texts = {"meaning": code.what, "cause": code.why, "cure": code.cure, "fine if": code.fine_if}
    for label, text in texts.items():
        assert words_of(f"{label}: {text}") in said
        assert text
        assert not text.endswith(".")
    assert (f"see it: testbed run {code.scenario}" in lines) == bool(code.scenario)
    assert f"# testbed: ignore[{code.code}]" in lines[-2]
    assert f"testbed check --ignore {code.code} " in lines[-1]


@ALL
@pytest.mark.parametrize("width", [80, SIDE_BY_SIDE, 120])
def test_every_page_fits_the_terminal(code: Code, width: int) -> None:
    """No line is wider than the terminal."""
    assert max(map(len, page_of(of_code(code), width))) <= width


@ALL
def test_programs_are_shown_whole(code: Code) -> None:
    """A broken line loses nothing; a broken comment has a further mark."""

    def squeezed(text: str) -> str:
        return "".join(text.replace("#", "").split())

    shown = squeezed("".join(page_of(of_code(code), 80)))
    for program in (code.wrong, code.right):
        assert squeezed(program) in shown


WRONG = """\
import tensorflow as tf


steps = tf.Variable(0, dtype=tf.int64, name="the number of steps that were taken")  # TB101
print(steps)
"""
RIGHT = """\
import tensorflow as tf


with strategy.scope():
    steps = tf.Variable(0)
print(steps)
"""
PAGE = replace(of_code(CODES["TB101"]), wrong=WRONG, right=RIGHT)


def test_programs_stand_side_by_side_where_there_is_room() -> None:
    """Equal lines share a row, a bar marks the others, and long lines continue below."""
    lines = page_of(PAGE, SIDE_BY_SIDE)
    first = next(number for number, line in enumerate(lines) if words_of(line) == "wrong right")
    rows = [words_of(line) for line in lines[first + 2 : lines.index("", first + 4)]]
    assert rows == [
        "import tensorflow as tf import tensorflow as tf",
        "",
        "steps = tf.Variable(0, dtype=tf.int64, | with strategy.scope():",
        'name="the number of steps that were | steps = tf.Variable(0)',
        'taken") # TB101 |',
        "print(steps) print(steps)",
    ]


def test_programs_stand_one_below_the_other_in_a_narrow_terminal() -> None:
    """Wrong comes first, and lines that fit are shown as they are."""
    lines = page_of(PAGE, SIDE_BY_SIDE - 1)
    wrong, right = (
        [f"  {line}".rstrip() for line in text.replace("\n\n\n", "\n\n").splitlines()]
        for text in (WRONG, RIGHT)
    )
    start = lines.index("  wrong") + 2
    assert lines[start : start + len(wrong)] == wrong
    start = lines.index("  right") + 2
    assert lines[start : start + len(right)] == right


@ALL
def test_every_example_is_python(code: Code) -> None:
    """The wrong and the right code of each code compile, and differ."""
    for name, text in (("wrong", code.wrong), ("right", code.right)):
        compile(text, f"{code.code} {name}", "exec")
    assert code.wrong != code.right


def test_codes_are_sorted() -> None:
    """Codes stand in the order of their numbers."""
    assert list(CODES) == sorted(CODES)
