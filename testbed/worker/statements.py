"""Finds the statement of the author that changes a name, in the text of his file."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from testbed.check.seen import Place

_GROWING = ("append", "extend", "insert")

Function = ast.FunctionDef | ast.AsyncFunctionDef


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
    plain = "." not in whole
    for function in _functions(file):
        statements = list(_statements(function))
        declared = plain and any(last in _declared(node) for node in statements)
        own = plain and not declared and any(_sets(node, last, plain=True) for node in statements)
        # A plain name that is only set is the function's own, as is a list that it has made.
        for node in () if own else statements:
            found = (
                (entry and _sets_entry(node, last))
                or (kind == "list" and _grows(node, last))
                or (kind == "number" and not entry and _sets(node, last, plain=plain))
            )
            if found:
                return Place(file, node.lineno, function.name)
    return None


def storing_statement(file: str, name: str) -> Place | None:
    """The first statement within a function that stores something under a name or in its list."""
    return changing_statement(file, name, "number") or changing_statement(file, name, "list")


@functools.cache
def _tree(file: str) -> ast.Module | None:
    try:
        return ast.parse(Path(file).read_bytes(), file)
    except (OSError, SyntaxError, ValueError):
        return None


def _functions(file: str) -> list[Function]:
    """Every function but constructors, in the order of their lines."""
    tree = _tree(file)
    found = [
        node
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name != "__init__"
    ]
    return sorted(found, key=lambda each: each.lineno)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a function in their order, without those of functions within it."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            continue
        if isinstance(inner, ast.stmt):
            yield inner
        yield from _statements(inner)


def _declared(node: ast.stmt) -> list[str]:
    return node.names if isinstance(node, (ast.Global, ast.Nonlocal)) else []


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return [
            part
            for target in node.targets
            for part in (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])
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
