"""Files and functions that can be read in one go."""

from __future__ import annotations

from tests.house.sources import DOCS, SCENARIOS, TESTBED, TESTS, functions_of, python_files, short

MODULE_LINES = 400
FUNCTION_LINES = 60


def test_modules_are_short() -> None:
    """No module has more than MODULE_LINES lines."""
    lengths = {
        short(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(TESTBED, SCENARIOS, TESTS, DOCS)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    """No function has more than FUNCTION_LINES lines, its docstring included."""
    lengths = {
        f"{short(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in python_files(TESTBED, SCENARIOS, TESTS, DOCS)
        for node in functions_of(path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}
