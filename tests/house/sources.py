"""The project's source files, as the house rules look at them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTBED = ROOT / "testbed"
SCENARIOS = ROOT / "scenarios"
TESTS = ROOT / "tests"
DOCS = ROOT / "docs"


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def short(path: Path) -> str:
    """A path as people name it, from the top of the project."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@functools.cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file's tree; many rules look at them."""
    return tuple(ast.walk(tree_of(path)))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def all_modules() -> dict[str, Path]:
    """Every module of the testbed by its dotted name; packages are their `__init__`."""
    return {module_name(path): path for path in python_files(TESTBED)}


def imported_names(path: Path) -> Iterator[str]:
    """Everything that a file imports, wherever it does so, by its longest module name."""
    for_types_alone = _for_types_alone(path)
    for node in nodes_of(path):
        if node in for_types_alone:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{short(path)}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in all_modules() else str(node.module)


def _for_types_alone(path: Path) -> set[ast.stmt]:
    """What a file imports for type checkers, and so never when it runs."""
    return {
        inner
        for node in tree_of(path).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in node.body
    }


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes_of(path):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def text_constants(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
