"""Finds the statement in the user's file that changes a name."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from testbed.check.seen import SourceLine

GROWING = ("append", "extend", "insert")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def changing_statement(file: str, name: str, kind: str) -> SourceLine | None:
    """The first statement within a function that sets a name, or makes its list grow.

    Args:
        file: the user's file.
        name: `STEPS`, `self.seen`, or `counts['a']`; of an attribute only the last part counts.
        kind: `number` or `list`.
    """
    entry = name.endswith("]")
    whole = name.partition("[")[0]
    last = whole.rpartition(".")[2]
    plain = "." not in whole
    for function in _functions(file):
        for node in _statements_about(function, last, plain=plain):
            found = (
                (entry and _sets_entry(node, last))
                or (kind == "list" and _grows(node, last))
                or (kind == "number" and not entry and _sets(node, last, plain=plain))
            )
            if found:
                return SourceLine(file, node.lineno, function.name)
    return None


def storing_statement(file: str, name: str) -> SourceLine | None:
    """The first statement within a function that stores something under a name or in its list."""
    return changing_statement(file, name, "number") or changing_statement(file, name, "list")


def overwriting_statement(file: str, name: str, *, element: bool = False) -> SourceLine | None:
    """The first statement within a function that replaces the old value by a new one.

    None if any function adds to the old value, keeps the better of both, or tests whether one
    exists: then the new value depends on the old one.

    Args:
        file: the user's file.
        name: as in `changing_statement`.
        element: whether the statement sets an element of an array of that name.
    """
    entry = element or name.endswith("]")
    whole = name.partition("[")[0]
    plain = "." not in whole
    last, key = whole.rpartition(".")[2], name.removesuffix("]").partition("[")[2]
    found: list[SourceLine] = []
    for function in _functions(file):
        setting = [
            node
            for node in _statements_about(function, last, plain=plain)
            if (_sets_entry(node, last, key) if entry else _sets(node, last, plain=plain))
        ]
        for node in setting:
            if isinstance(node, ast.AugAssign) or _reads_before(function, last, node):
                return None
            if not isinstance(getattr(node, "value", None), (ast.Constant, type(None))):
                found.append(SourceLine(file, node.lineno, function.name))
    return found[0] if found else None


def is_kept_on_purpose(place: SourceLine) -> bool:
    """Whether the result of a line is kept on purpose: cached, or under a name that outlives it."""
    for function in _functions(place.file, constructors=True):
        if not function.lineno <= place.line <= (function.end_lineno or 0):
            continue
        if any("cache" in ast.unparse(each) for each in function.decorator_list):
            return True
        declared = {name for node in _statements(function) for name in _declared(node)}
        for node in _statements(function):
            if node.lineno <= place.line <= (node.end_lineno or 0) and any(
                not isinstance(target, ast.Name) or target.id in declared
                for target in _targets(node)
            ):
                return True
    return False


@functools.cache
def tree_of(file: str) -> ast.Module | None:
    """The syntax tree of a user's file; None if it cannot be read or parsed."""
    try:
        return ast.parse(Path(file).read_bytes(), file)
    except (OSError, SyntaxError, ValueError):
        return None


def _functions(file: str, *, constructors: bool = False) -> list[Function]:
    """Every function, in the order of lines; with constructors only if requested."""
    tree = tree_of(file)
    found = [
        node
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, Function) and (constructors or node.name != "__init__")
    ]
    return sorted(found, key=lambda each: each.lineno)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a function in their order, without those of inner functions."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            continue
        if isinstance(inner, ast.stmt):
            yield inner
        yield from _statements(inner)


def _statements_about(function: Function, last: str, *, plain: bool) -> list[ast.stmt]:
    """The statements of a function; none if the name is local to the function."""
    statements = list(_statements(function))
    declared = plain and any(last in _declared(node) for node in statements)
    own = plain and not declared and any(_sets(node, last, plain=True) for node in statements)
    # A plain name that a function sets without declaring it is local, as is a list that it makes.
    return [] if own else statements


def _reads_before(function: Function, last: str, node: ast.stmt) -> bool:
    """Whether a function reads a name before the end of a statement."""
    set_there = {
        id(each)
        for setting in _statements(function)
        if not isinstance(setting, ast.AugAssign)
        for target in _targets(setting)
        for each in ast.walk(target)
    }
    return any(
        isinstance(each, (ast.Name, ast.Attribute))
        and _is_named(each, last)
        and isinstance(each.ctx, ast.Load)
        and each.lineno <= (node.end_lineno or node.lineno)
        and id(each) not in set_there
        for each in ast.walk(function)
    )


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


def _sets_entry(node: ast.stmt, last: str, key: str = "") -> bool:
    """Whether a statement sets an entry; with a key, whether it may set the entry of that key."""
    return any(
        isinstance(target, ast.Subscript)
        and _is_named(target.value, last)
        and not (key and isinstance(target.slice, ast.Constant) and repr(target.slice.value) != key)
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
        and call.func.attr in GROWING
        and _is_named(call.func.value, last)
    )


def _is_named(node: ast.expr, last: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == last) or (
        isinstance(node, ast.Attribute) and node.attr == last
    )
