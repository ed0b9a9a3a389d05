"""Finds where a program uses the order of a set that may hold texts, by its syntax trees.

The search follows names, arguments and results of functions, and imports. It does not follow
entries of containers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from testbed.check.hashing.expressions import (
    Function,
    called,
    is_of_numbers,
    is_result_in_order,
    is_view_of_keys,
    parameters,
)
from testbed.check.observations.source_line import SourceLine

_JOINING = ("union", "intersection", "difference", "symmetric_difference", "copy")
_OPERATIONS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
_MAKERS = ("set", "frozenset")
# Their value is that of a part of them.
_PASSING = (ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Await, ast.Starred)
_LISTS = (ast.ListComp, ast.GeneratorExp, ast.List, ast.Tuple)
# Methods of built-in types; a function with such a name is not followed.
_BUILT_IN = frozenset(name for kind in (dict, list, str, set) for name in dir(kind))
# A name that one round finds may make further names sets in the next round.
_ROUNDS = 5

Key = tuple[ast.AST | None, str]
"""A name, and the function or module that binds it; None for an attribute of any object."""


def line_of_ordered_set(trees: Mapping[str, ast.Module]) -> SourceLine | None:
    """The first line that uses the order of a set of what may be texts; None without one.

    Membership tests, sizes, `sorted(...)` and sets of numbers do not depend on hash seeds.

    Args:
        trees: the syntax trees of the program, by file.
    """
    search = _Search(trees)
    search.find_names()
    return next(search.lines(), None)


class _Search:
    """A search through all files of one program."""

    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self._nodes = {file: list(ast.walk(tree)) for file, tree in trees.items()}
        nodes = [node for each in self._nodes.values() for node in each]
        self._parents = {inner: node for node in nodes for inner in ast.iter_child_nodes(node)}
        self._bound = {node: _bound_in(node) for node in nodes if isinstance(node, Function)}
        self._functions = {node.name: node for node in self._bound}
        self._modules = list(trees.values())
        self._sets: set[Key] = set()
        self._returning: set[str] = set()
        self._sorted_later = {
            self._key(node.func.value)
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "sort"
        }

    def find_names(self) -> None:
        """Find the names that are sets, and the functions that return sets."""
        for _ in range(_ROUNDS):
            before = len(self._sets) + len(self._returning)
            for nodes in self._nodes.values():
                for node in nodes:
                    self._learn_from(node)
            if before == len(self._sets) + len(self._returning):
                return

    def lines(self) -> Iterator[SourceLine]:
        """The lines that use the order of a set."""
        for file, nodes in self._nodes.items():
            for node in nodes:
                if isinstance(node, ast.expr) and self._is_set(node) and self._is_ordered(node):
                    yield SourceLine(file, node.lineno)

    def _learn_from(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value) if self._is_set(value):
                self._sets.update(map(self._key, targets))
            case ast.AnnAssign(target=target, value=ast.expr() as value) if self._is_set(value):
                self._sets.add(self._key(target))
            case ast.AugAssign(target=target, op=op, value=value) if isinstance(op, _OPERATIONS):
                if self._is_set(value):
                    self._sets.add(self._key(target))
            case ast.NamedExpr(target=target, value=value) if self._is_set(value):
                self._sets.add(self._key(target))
            case ast.Return(value=ast.expr() as value) if self._is_set(value):
                function = next(self._around(node), None)
                if function and function.name not in _BUILT_IN:
                    self._returning.add(function.name)
            case ast.Call() if function := self._functions.get(called(node)):
                for name, value in parameters(function, node):
                    if self._is_set(value):
                        self._sets.add((function, name))
            case ast.ImportFrom(names=names):
                module = self._module_of(node)
                for each in names:
                    if any((other, each.name) in self._sets for other in self._modules):
                        self._sets.add((module, each.asname or each.name))

    def _is_set(self, node: ast.expr) -> bool:
        """Whether an expression is a set that may hold several texts."""
        match node:
            case ast.Set(elts=elements):
                several = len(elements) > 1 or isinstance(elements[0], ast.Starred)
                return several and not all(map(is_of_numbers, elements))
            case ast.SetComp(elt=element):
                return not is_of_numbers(element)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in _MAKERS:
                return not (arguments and is_of_numbers(arguments[0]))
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _JOINING:
                return self._is_set(value)
            case ast.Call(func=ast.Name(id="field"), keywords=keywords):
                return any(
                    isinstance(each.value, ast.Name) and each.value.id in _MAKERS
                    for each in keywords
                )
            case ast.Call():
                return called(node) in self._returning
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATIONS):
                sides = [left] if isinstance(op, ast.Sub) else [left, right]
                return any(self._is_set(each) or is_view_of_keys(each) for each in sides)
            case ast.IfExp(body=one, orelse=other):
                return self._is_set(one) or self._is_set(other)
            case ast.BoolOp(values=values):
                return any(map(self._is_set, values))
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self._is_set(value)
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                return self._key(node) in self._sets
        return False

    def _is_ordered(self, node: ast.AST) -> bool:
        """Whether the program uses the order of a set, or of a list made from it."""
        is_listed = False
        while True:
            around = self._parents[node]
            match around:
                case ast.Call() if node is not around.func:
                    in_order = is_result_in_order(around)
                    if in_order is None:
                        return is_listed
                    if not in_order:
                        return False
                    is_listed = True
                case ast.keyword():
                    pass
                case ast.Attribute(attr=method):
                    return is_listed or method == "pop"
                case ast.comprehension():
                    node, around = around, self._parents[around]
                    if not isinstance(around, _LISTS):
                        return isinstance(around, ast.DictComp)
                    is_listed = True
                case ast.For() | ast.AsyncFor() | ast.YieldFrom():
                    return True
                case ast.Subscript(value=value):
                    return is_listed and node is value
                case ast.Starred():
                    is_listed = True
                case ast.Assign(targets=targets):
                    unpacked = any(isinstance(each, _LISTS) for each in targets)
                    return unpacked or (is_listed and not self._are_sorted_later(targets))
                case ast.Set() | ast.Compare() | ast.FormattedValue():
                    return False
                case _ if not isinstance(around, _PASSING) and not (
                    is_listed and isinstance(around, _LISTS)
                ):
                    return is_listed
            node = around

    def _are_sorted_later(self, targets: list[ast.expr]) -> bool:
        return all(self._key(each) in self._sorted_later for each in targets)

    def _key(self, node: ast.expr) -> Key:
        if isinstance(node, ast.Attribute):
            return None, node.attr
        if not isinstance(node, ast.Name):
            return None, ""
        binding = (each for each in self._around(node) if node.id in self._bound[each])
        if function := next(binding, None):
            return function, node.id
        in_class = isinstance(self._parents.get(self._parents[node]), ast.ClassDef)
        return None if in_class else self._module_of(node), node.id

    def _around(self, node: ast.AST) -> Iterator[Function]:
        """The functions around a node, from the innermost one."""
        while (node := self._parents.get(node)) is not None:  # type: ignore[assignment]
            if isinstance(node, Function):
                yield node

    def _module_of(self, node: ast.AST) -> ast.AST:
        while (around := self._parents.get(node)) is not None:
            node = around
        return node


def _bound_in(function: Function) -> frozenset[str]:
    """The names that a function binds: its parameters, and what it sets without declaring it."""
    bound, declared = set[str](), set[str]()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            declared.update(node.names)
    return frozenset(bound - declared)
