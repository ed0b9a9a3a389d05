"""Finds out whether a caller of `strategy.run` reads a name after it has returned."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.python_state.object_graph import CLOSURE, Spot
from testbed.worker.watching.python_state.statements import Function, tree_of
from testbed.worker.watching.stack import is_authors


def read_by_caller(spot: Spot) -> SourceLine | None:
    """The line at which a function on the stack will read a spot; None if there is none.

    Only lines that it can reach after its current one: further down, or in the same loop.
    """
    for frame in _authors_frames():
        read = next((node for node in _reads(frame) if _is_of(node, spot, frame)), None)
        if read is not None:
            return SourceLine(frame.f_code.co_filename, read.lineno, frame.f_code.co_name)
    return None


def _authors_frames() -> Iterator[FrameType]:
    """The frames of the user's functions on the stack, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_authors(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def _reads(frame: FrameType) -> Iterator[ast.expr]:
    """The names, attributes and entries that the function of a frame may still read."""
    nodes = list(_nodes(_body(frame)))
    now, last = frame.f_lineno, _last_line_of_call(nodes, frame.f_lineno)
    loops = [each for each in nodes if isinstance(each, ast.For | ast.While) and _spans(each, now)]
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            later = node.lineno > last or any(_spans(loop, node.lineno) for loop in loops)
            if later and isinstance(node.ctx, ast.Load):
                yield node


def _last_line_of_call(nodes: list[ast.AST], now: int) -> int:
    """The last line of the call that is at a line: its arguments are read before.

    Of several calls that begin at that line, the outermost counts. It may read its last arguments
    later, but a read that is missed is better than a false one.
    """
    calls = (each for each in nodes if isinstance(each, ast.Call) and each.func.end_lineno == now)
    return max((each.end_lineno or now for each in calls), default=now)


def _spans(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


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
    """Whether an expression reads a spot, or something within it."""
    if spot.name.endswith("]"):
        return _may_read_entry(node, spot, frame)
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name | ast.Attribute) and _is_of(node.value, spot, frame)
    if isinstance(node, ast.Attribute):
        return node.attr == spot.name.rpartition(".")[2] and _owns(_held(node.value, frame), spot)
    return isinstance(node, ast.Name) and node.id == spot.name and _sees(frame.f_code, spot)


def _may_read_entry(node: ast.expr, spot: Spot, frame: FrameType) -> bool:
    """Whether an expression reads an entry, its whole dict, or an entry of a computed key."""
    if not isinstance(node, ast.Subscript):
        return id(_held(node, frame)) == spot.owner
    key = node.slice
    other = isinstance(key, ast.Constant) and not spot.name.endswith(f"[{key.value!r}]")
    return not other and id(_held(node.value, frame)) == spot.owner


def _sees(code: CodeType, spot: Spot) -> bool:
    """Whether the name of a spot means this spot in a code object, and nothing local."""
    if code.co_filename != spot.file:
        return False
    shared = spot.name in code.co_cellvars + code.co_freevars
    if spot.owner == CLOSURE:
        return shared
    return spot.owner == 0 and not shared and spot.name not in code.co_varnames


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
