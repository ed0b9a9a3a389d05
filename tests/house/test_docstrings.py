"""What is public says what it is, and a test says what it states."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.sources import TESTBED, TESTS, functions_of, python_files, short, tree_of

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(node: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    """A module or class and all that is public in it, without what functions hide."""
    yield node
    for inner in node.body:
        if isinstance(inner, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if inner.name.startswith("_"):
                continue
            if isinstance(inner, ast.ClassDef):
                yield from public(inner)
            else:
                yield inner


def test_everything_public_has_a_docstring() -> None:
    """Every module, public class, public function and public method says what it is."""
    silent = [
        f"{short(path)}: {getattr(node, 'name', 'the module')}"
        for path in python_files(TESTBED)
        for node in public(tree_of(path))
        if not (ast.get_docstring(node) or "").strip()
    ]
    assert silent == []


def test_every_test_states_a_behaviour() -> None:
    """Every test has one sentence that states what it holds the code to."""
    silent = [
        f"{short(path)}:{node.lineno} {node.name}"
        for path in python_files(TESTS)
        for node in functions_of(path)
        if node.name.startswith("test_") and not (ast.get_docstring(node) or "").strip()
    ]
    assert silent == []
