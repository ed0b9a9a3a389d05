"""Extracts the part of a script that declares its scenarios from its syntax tree.

A declaration that this part cannot support is rejected with its line: no scenario may disappear
from the catalogue without a message.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

_EXECUTED = ("testbed", "testbed.catalogue.scenario", "__future__")
"""Modules whose import needs no TensorFlow."""

_DECORATED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class DeclarationError(Exception):
    """A declaration that is not supported: the reason, and the line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True)
class Declarations:
    """The part of a script that can be executed without TensorFlow."""

    module: ast.Module
    """Imports from the testbed, literal constants, and the scenarios' functions."""
    lines: dict[str, tuple[int, int]]
    """First and last line of each scenario, its decorators included, in file order."""


@dataclass
class _Names:
    """The names under which a script knows `testbed.scenario` and `testbed`."""

    functions: set[str] = field(default_factory=lambda: {"scenario"})
    modules: set[str] = field(default_factory=set)

    def means_scenario(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.functions
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "scenario"
            and isinstance(node.value, ast.Name)
            and node.value.id in self.modules
        )

    def decorates(self, node: ast.AST) -> bool:
        """Whether `@scenario(...)`, or `@scenario` alone, is among the decorators of a node."""
        return isinstance(node, _DECORATED) and any(
            self.means_scenario(_called(decorator)) for decorator in node.decorator_list
        )


def declarations(tree: ast.Module) -> Declarations:
    """Extract the declarations of a script.

    Raises:
        DeclarationError: a scenario is not a function at the top of the script, its name is also
            bound elsewhere, or `scenario` is used other than as a decorator.
    """
    names = _names_of(tree)
    made = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and names.decorates(node)
    ]
    _require_at_top(tree, made, names)
    _require_decorating(tree, made, names)
    _require_one_binding(tree, made)
    kept = [node for each in tree.body if (node := _executed(each, made)) is not None]
    lines = {
        node.name: (min(each.lineno for each in node.decorator_list), node.end_lineno or 0)
        for node in made
    }
    return Declarations(ast.Module(kept, type_ignores=[]), lines)


def _names_of(tree: ast.Module) -> _Names:
    names = _Names()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _EXECUTED:
            names.functions |= {
                alias.asname or alias.name for alias in node.names if alias.name == "scenario"
            }
        if isinstance(node, ast.Import):
            names.modules |= {alias.asname or "testbed" for alias in node.names if _ours(alias)}
    return names


def _require_at_top(tree: ast.Module, made: list[ast.FunctionDef], names: _Names) -> None:
    for node in ast.walk(tree):
        if not names.decorates(node) or node in made:
            continue
        assert isinstance(node, _DECORATED)
        found = "inside another block"
        if node in tree.body:
            found = "on a class" if isinstance(node, ast.ClassDef) else "on an async function"
        raise DeclarationError(
            node.lineno,
            f"@scenario stands {found} ('{node.name}'); it must decorate a plain function at the"
            " top level of the script",
        )


def _require_decorating(tree: ast.Module, made: list[ast.FunctionDef], names: _Names) -> None:
    decorating = {id(_called(each)) for node in made for each in node.decorator_list}
    for node in _at_import(tree, classes=True):
        loaded = isinstance(getattr(node, "ctx", None), ast.Load)
        if loaded and names.means_scenario(node) and id(node) not in decorating:
            assert isinstance(node, ast.expr)
            raise DeclarationError(
                node.lineno,
                "'scenario' is used in an expression; it must decorate a function, as in"
                " @scenario(...), or the catalogue cannot see what it makes",
            )


def _require_one_binding(tree: ast.Module, made: list[ast.FunctionDef]) -> None:
    bound: dict[str, set[int]] = {}
    for name, line in _bindings(tree):
        bound.setdefault(name, set()).add(line)
    for node in made:
        first, *others = sorted(bound[node.name])
        if others:
            raise DeclarationError(
                others[0],
                f"'{node.name}' is bound at line {first}, too, and a scenario needs a name of its"
                " own; rename one",
            )


def _bindings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that the script binds at its top level, with its line."""
    for node in _at_import(tree, classes=False):
        if isinstance(node, (*_DECORATED, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            if node.name:
                yield node.name, node.lineno
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, node.lineno


def _at_import(tree: ast.Module, *, classes: bool) -> Iterator[ast.AST]:
    """The nodes that an import of the script evaluates; with `classes` the bodies of classes, too.

    It keeps an explicit stack, since a script may be nested more deeply than Python's stack.
    """
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            left += [*node.decorator_list, node.args]
        elif isinstance(node, ast.Lambda):
            left.append(node.args)
        elif isinstance(node, ast.ClassDef) and not classes:
            left += [*node.decorator_list, *node.bases]
        elif isinstance(node, ast.comprehension):
            left += [node.iter, *node.ifs]
        elif _is_main_guard(node):
            left += node.orelse
        elif not (isinstance(node, ast.AnnAssign) and node.value is None):
            left += ast.iter_child_nodes(node)


def _is_main_guard(node: ast.AST) -> TypeGuard[ast.If]:
    """Whether this is `if __name__ == "__main__":`, whose block an import does not run."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def _executed(node: ast.stmt, made: list[ast.FunctionDef]) -> ast.stmt | None:
    """The statement in the form that is executed without TensorFlow; None where it is left out."""
    match node:
        case ast.FunctionDef() if node in made:
            return node
        case ast.ImportFrom(module=module, level=0) if module in _EXECUTED:
            return node
        case ast.Import(names=names) if ours := [alias for alias in names if _ours(alias)]:
            return ast.copy_location(ast.Import(ours), node)
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
            # Without its annotation, which may need what the script imports.
            plain = ast.copy_location(ast.Assign([target], value), node)
            return plain if _is_literal(value) else None
        case ast.Assign(targets=targets, value=value) if _is_literal(value):
            return node if all(isinstance(target, ast.Name) for target in targets) else None
    return None


def _ours(alias: ast.alias) -> bool:
    return alias.name == "testbed"


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError):
        return False
    return True
