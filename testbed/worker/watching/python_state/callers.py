"""Finds out whether a caller of `strategy.run` reads a name after it has returned."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any

from testbed.check.seen import SourceLine
from testbed.worker.watching.python_state.object_graph import CLOSURE, Spot
from testbed.worker.watching.python_state.statements import Function, tree_of
from testbed.worker.watching.stack import is_authors


def read_by_caller(spot: Spot) -> SourceLine | None:
    """The line at which a function on the stack will read a spot; None if there is none.

    Only lines that it can reach after its current one: further down, or in the same loop.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            for node in _reads(frame):
                if _is_of(node, spot, frame):
                    return SourceLine(frame.f_code.co_filename, node.lineno, frame.f_code.co_name)
        frame = frame.f_back
    return None


def _reads(frame: FrameType) -> Iterator[ast.expr]:
    """The names, attributes and entries that the function of a frame may still read."""
    body = _body(frame)
    now = frame.f_lineno
    loops = [
        node
        for node in _nodes(body)
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= now <= (node.end_lineno or 0)
    ]
    for node in _nodes(body):
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        in_loop = any(loop.lineno <= node.lineno <= (loop.end_lineno or 0) for loop in loops)
        if isinstance(node.ctx, ast.Load) and (node.lineno > now or in_loop):
            yield node


def _body(frame: FrameType) -> list[ast.stmt]:
    tree = tree_of(frame.f_code.co_filename)
    if tree is None:
        return []
    if frame.f_code.co_name == "<module>":
        return tree.body
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name == frame.f_code.co_name:
            lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
            if frame.f_code.co_firstlineno in lines:
                return node.body
    return []


def _nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a body, without inner functions, and names that are only called or set."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        yield node
        inner = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inner = [node.func.value, *node.args, *node.keywords]
        elif isinstance(node, ast.Subscript):
            # Setting an entry reads no entry, and reading an entry reads no other one.
            inner = [node.slice]
        waiting += reversed(inner)


def _is_of(node: ast.expr, spot: Spot, frame: FrameType) -> bool:
    if spot.name.endswith("]"):
        if isinstance(node, ast.Subscript):
            held = _held(node.value, frame)
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            known = isinstance(node.slice, ast.Constant)
            return id(held) == spot.owner and (not known or spot.name.endswith(f"[{key!r}]"))
        return id(_held(node, frame)) == spot.owner
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, (ast.Name, ast.Attribute)) and _is_of(node.value, spot, frame)
    if isinstance(node, ast.Attribute):
        return node.attr == spot.name.rpartition(".")[2] and _owns(_held(node.value, frame), spot)
    if not isinstance(node, ast.Name) or node.id != spot.name:
        return False
    code = frame.f_code
    if spot.owner == CLOSURE:
        return code.co_filename == spot.file and node.id in code.co_cellvars + code.co_freevars
    own = node.id in code.co_varnames + code.co_cellvars + code.co_freevars
    return spot.owner == 0 and code.co_filename == spot.file and not own


def _owns(held: Any, spot: Spot) -> bool:
    if isinstance(held, ModuleType):
        return spot.owner == 0 and getattr(held, "__file__", None) == spot.file
    return held is not None and spot.owner in (id(held), *map(id, type(held).__mro__))


def _held(node: ast.expr, frame: FrameType) -> Any:
    """The object of a name or attribute, without running any of the user's code."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        held = _held(node.value, frame)
        return getattr(held, "__dict__", {}).get(node.attr)
    return None
