"""The page of a code: what it says, and how it fits a terminal."""

from __future__ import annotations

import pytest

from testbed.check.explanation import SIDE_BY_SIDE, of_code, page_of
from testbed.check.finding import CODES, Code

ALL = pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))


def words_of(*lines: str) -> str:
    return " ".join(" ".join(lines).split())


@ALL
def test_every_code_has_its_page(code: Code) -> None:
    """Its name, what it means, its cause, its cure, what shows it, and how it is silenced."""
    lines = page_of(of_code(code), 80)
    assert lines[0] == f"{code.title} ({code.level})"
    said = words_of(*lines)
    for text in (f"meaning: {code.what}", f"cause: {code.why}", f"cure: {code.cure}"):
        assert words_of(text) in said
    assert (f"see it: testbed run {code.scenario}" in lines) == bool(code.scenario)
    assert f"# testbed: ignore[{code.code}]" in lines[-1]
    assert not any(text.endswith(".") for text in (code.what, code.why, code.cure))


@ALL
def test_code_stands_side_by_side_where_there_is_room(code: Code) -> None:
    """In a wide terminal wrong and right code share lines; else one follows the other."""
    wide, narrow = (page_of(of_code(code), width) for width in (SIDE_BY_SIDE, SIDE_BY_SIDE - 20))
    assert max(map(len, wide)) <= SIDE_BY_SIDE
    assert max(map(len, narrow)) <= SIDE_BY_SIDE - 20
    assert any(words_of(line) == "wrong right" for line in wide)
    for part in (code.wrong, code.right):
        shown = [line.removeprefix("  ") for line in narrow]
        assert part.strip("\n") in "\n".join(shown)


@ALL
def test_every_example_is_python(code: Code) -> None:
    """The wrong and the right code of each code compile, and differ."""
    for name, text in (("wrong", code.wrong), ("right", code.right)):
        compile(text, f"{code.code} {name}", "exec")
    assert code.wrong != code.right


def test_codes_are_sorted() -> None:
    """Codes stand in the order of their numbers."""
    assert list(CODES) == sorted(CODES)
