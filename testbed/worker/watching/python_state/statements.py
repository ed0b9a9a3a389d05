"""Finds the statement in the user's file that changes a name."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.check.observations.seen import SourceLine

GROWING = ("append", "extend", "insert")
_FILLING = ("setdefault", "update")

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Statements that contain further ones, which are listed themselves.
_COMPOUND = (ast.With, ast.For, ast.Try)


@dataclass(frozen=True)
class _Name:
    """The parts of a name as the user writes it: `STEPS`, `self.seen`, `counts['a']`."""

    last: str
    """The name; of an attribute only its last part, which may belong to any object."""
    plain: bool
    """Whether it is no attribute."""
    key: str
    """Of an entry its key; else empty."""

    @classmethod
    def of(cls, name: str) -> _Name:
        """Take a name apart."""
        whole, _, key = name.removesuffix("]").partition("[")
        return cls(whole.rpartition(".")[2], "." not in whole, key)


def changing_statement(file: str, name: str, kind: str) -> SourceLine | None:
    """The first statement within a function that sets a name, or makes its list grow.

    Args:
        file: the user's file.
        name: `STEPS`, `self.seen`, or `counts['a']`; of an attribute only the last part counts.
        kind: `number` or `list`.
    """
    about = _Name.of(name)
    for function in _functions(file):
        for node in _statements_about(function, about):
            if _changes(node, about, kind):
                return SourceLine(file, node.lineno, function.name)
    return None


def is_used(name: str, place: SourceLine) -> bool:
    """Whether the function at a line reads a name in another statement than the one there."""
    last = _Name.of(name).last
    return any(
        isinstance(node, ast.Name | ast.Attribute)
        and _is_named(node, last)
        and isinstance(node.ctx, ast.Load)
        for function in _functions(place.file)
        if function.name == place.function and _spans(function, place)
        for statement in _statements(function)
        if not _spans(statement, place) and not isinstance(statement, _COMPOUND)
        for node in ast.walk(statement)
    )


def _changes(node: ast.stmt, about: _Name, kind: str) -> bool:
    if kind == "list" and _grows(node, about.last):
        return True
    if about.key:
        return _sets_entry(node, about.last)
    return kind == "number" and _sets(node, about)


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
    setting = list(_setting(file, _Name.of(name), element=element))
    last = _Name.of(name).last
    if any(_needs_old_value(function, last, node) for function, node in setting):
        return None
    found = (
        SourceLine(file, node.lineno, function.name)
        for function, node in setting
        if not isinstance(getattr(node, "value", None), (ast.Constant, type(None)))
    )
    return next(found, None)


def _setting(file: str, about: _Name, *, element: bool) -> Iterator[tuple[Function, ast.stmt]]:
    """The statements that set a name or its entry, each with its function."""
    entry = element or about.key
    for function in _functions(file):
        for node in _statements_about(function, about):
            if _sets_entry(node, about.last, about.key) if entry else _sets(node, about):
                yield function, node


def _needs_old_value(function: Function, last: str, node: ast.stmt) -> bool:
    return isinstance(node, ast.AugAssign) or _reads_before(function, last, node)


def filling_statement(file: str, name: str, function: str = "") -> SourceLine | None:
    """The first statement that puts entries into a dict, or else that computes the whole dict.

    Args:
        file: the user's file.
        name: as in `changing_statement`.
        function: the function of a local variable, which is searched first; empty: the module.
    """
    tree, about = tree_of(file), _Name.of(name)
    if tree is None:
        return None
    functions = [(each.name, each) for each in _functions(file, constructors=True)]
    scopes: list[tuple[str, ast.AST]] = [("<module>", tree), *functions]
    scopes.sort(key=lambda scope: scope[0] != (function or "<module>"))
    for inside, scope in scopes:
        for finds in (_fills, _sets_made):
            for node in _statements(scope):
                if finds(node, about):
                    return SourceLine(file, node.lineno, inside)
    return None


def is_searched(file: str, name: str) -> bool:
    """Whether the user's file asks a list of this name for positions, by `index`."""
    return _Name.of(name).last in _searched(file)


@functools.cache
def _searched(file: str) -> frozenset[str]:
    tree = tree_of(file)
    return frozenset(
        node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Attribute)
        and node.attr == "index"
        and isinstance(node.value, ast.Name | ast.Attribute)
    )


def is_kept_on_purpose(place: SourceLine) -> bool:
    """Whether the result of a line is kept on purpose: cached, or under a name that outlives it."""
    around = (each for each in _functions(place.file, constructors=True) if _spans(each, place))
    return any(_is_cached(each) or _keeps_result(each, place) for each in around)


def _is_cached(function: Function) -> bool:
    return any("cache" in ast.unparse(each) for each in function.decorator_list)


def _keeps_result(function: Function, place: SourceLine) -> bool:
    """Whether a statement at a line sets anything else than a local name."""
    statements = list(_statements(function))
    declared = {name for node in statements for name in _declared(node)}
    targets = [target for node in statements if _spans(node, place) for target in _targets(node)]
    return any(not isinstance(each, ast.Name) or each.id in declared for each in targets)


def _spans(node: ast.stmt, place: SourceLine) -> bool:
    return node.lineno <= place.line <= (node.end_lineno or 0)


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


def _statements_about(function: Function, about: _Name) -> list[ast.stmt]:
    """The statements of a function; none if the name is local to the function."""
    statements = list(_statements(function))
    declared = any(about.last in _declared(node) for node in statements)
    own = about.plain and not declared and any(_sets(node, about) for node in statements)
    # A plain name that a function sets without declaring it is local, as is a list that it makes.
    return [] if own else statements


def _reads_before(function: Function, last: str, node: ast.stmt) -> bool:
    """Whether a function reads a name before the end of a statement."""
    end, set_there = node.end_lineno or node.lineno, _parts_of_targets(function)
    return any(
        isinstance(each, ast.Name | ast.Attribute)
        and _is_named(each, last)
        and isinstance(each.ctx, ast.Load)
        and each.lineno <= end
        and each not in set_there
        for each in ast.walk(function)
    )


def _parts_of_targets(function: Function) -> set[ast.AST]:
    """The nodes within the targets of assignments, which set a value and read none."""
    return {
        part
        for node in _statements(function)
        if not isinstance(node, ast.AugAssign)
        for target in _targets(node)
        for part in ast.walk(target)
    }


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


def _fills(node: ast.stmt, about: _Name) -> bool:
    """Whether a statement puts entries into a dict; for an entry, whether it sets that one."""
    if about.key or _sets_entry(node, about.last):
        return _sets_entry(node, about.last, about.key)
    simple = isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return)
    return simple and any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in _FILLING
        and _is_named(each.func.value, about.last)
        for each in ast.walk(node)
    )


def _sets_made(node: ast.stmt, about: _Name) -> bool:
    """Whether a statement sets a name to a result, which is not written down there."""
    value = getattr(node, "value", None)
    written = isinstance(value, ast.Dict | type(None)) or ast.unparse(value) == "dict()"
    return not written and _sets(node, about)


def _sets(node: ast.stmt, about: _Name) -> bool:
    return any(
        isinstance(target, ast.Name) and target.id == about.last
        if about.plain
        else isinstance(target, ast.Attribute) and target.attr == about.last
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
