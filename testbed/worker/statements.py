"""Finds the statement of the author that changes a name, in the text of his file."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from testbed.check.seen import Place

_GROWING = ("append", "extend", "insert")


def changing_statement(file: str, name: str, kind: str) -> Place | None:
    """The first statement within a function that sets a name, or makes its list grow.

    Args:
        file: that holds the statement.
        name: `STEPS`, `self.seen`, or `counts['a']`; of an attribute its last part counts.
        kind: `number` or `list`.
    """
    entry = name.endswith("]")
    whole = name.partition("[")[0]
    last = whole.rpartition(".")[2]
    for function, node in _statements(file):
        if entry and _sets_entry(node, last):
            return Place(file, node.lineno, function)
        if kind == "list" and _grows(node, last):
            return Place(file, node.lineno, function)
        if kind == "number" and not entry and _sets(node, last, plain="." not in whole):
            return Place(file, node.lineno, function)
    return None


def storing_statement(file: str, name: str) -> Place | None:
    """The first statement within a function that stores something under a name or in its list."""
    return changing_statement(file, name, "number") or changing_statement(file, name, "list")


@functools.cache
def _tree(file: str) -> ast.Module | None:
    try:
        return ast.parse(Path(file).read_text(encoding="utf-8"), file)
    except (OSError, SyntaxError, ValueError):
        return None


def _statements(file: str) -> Iterator[tuple[str, ast.stmt]]:
    """Every statement of every function but constructors, with the function's name."""
    tree = _tree(file)
    for outer in ast.walk(tree) if tree else ():
        if not isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if outer.name == "__init__":
            continue
        for node in ast.walk(outer):
            if isinstance(node, ast.stmt):
                yield outer.name, node


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return [
            part
            for target in node.targets
            for part in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
    return [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else []


def _sets_entry(node: ast.stmt, last: str) -> bool:
    return any(
        isinstance(target, ast.Subscript) and _is_named(target.value, last)
        for target in _targets(node)
    )


def _sets(node: ast.stmt, last: str, *, plain: bool) -> bool:
    return any(
        (plain and isinstance(target, ast.Name) and target.id == last)
        or (not plain and isinstance(target, ast.Attribute) and target.attr == last)
        for target in _targets(node)
    )


def _grows(node: ast.stmt, last: str) -> bool:
    if isinstance(node, ast.AugAssign):
        return _is_named(node.target, last)
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _GROWING
        and _is_named(call.func.value, last)
    )


def _is_named(node: ast.expr, last: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == last) or (
        isinstance(node, ast.Attribute) and node.attr == last
    )
