"""Observes changes by tf.py_function in compiled steps, where it runs once for each replica."""

from __future__ import annotations

import dis
from collections.abc import Callable
from types import CodeType
from typing import Any

from testbed.check.observations.seen import SourceLine, StateChange
from testbed.worker.watching.python_state.object_graph import Spot, innermost
from testbed.worker.watching.python_state.state import state_of, what_changed
from testbed.worker.watching.python_state.statements import GROWING, changing_statement
from testbed.worker.watching.stack import source_of
from testbed.worker.watching.traces.bytecode_reads import Lines, bytecode_reads_of, codes_in


class PythonCalls:
    """Compares the Python state before and after a step that was traced earlier."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._codes: set[CodeType] = set()
        self._replicated = False
        self._before: dict[Spot, Any] | None = None
        self._changes: dict[Spot, StateChange] = {}

    def traced(self, function: Callable[..., Any], *, by_replica: bool) -> None:
        """Record a function that a traced step will call."""
        self._replicated |= by_replica
        for code in {inner for each in _codes_of(function) for inner in codes_in(each)}:
            self._codes.add(code)
            lines = {line for *_, line in code.co_lines() if line}
            self._lines |= {source_of(code.co_filename, line, "")[:2] for line in lines}

    def before(self, step: Any) -> None:
        """Read the state before a step."""
        self._before = state_of(step) if self._replicated else None

    def after(self, step: Any, *, traced: bool) -> None:
        """Compare the state after a step."""
        if self._before is not None and not traced:
            for spot, kind, old, now in what_changed(self._before, state_of(step)):
                place = self._statement(spot, kind)
                if place is not None:
                    change = StateChange(spot.name, kind, old, now, place, spot.file)
                    self._changes.setdefault(spot, change)
        self._before = None

    def changes(self) -> list[StateChange]:
        """The changes by such calls."""
        return list(self._changes.values())

    def _statement(self, spot: Spot, kind: str) -> SourceLine | None:
        """The line of a called function that changes a spot; None if other code does."""
        place = changing_statement(spot.file, spot.name, kind)
        if place and (place.file, place.line) in self._lines:
            return place
        for code in self._codes if kind == "list" else ():
            line = _growing_line(code, spot.name)
            if line:
                return SourceLine(*source_of(code.co_filename, line, code.co_name))
        return None


def _codes_of(function: Any) -> set[CodeType]:
    own = getattr(innermost(function), "__code__", None)
    found = {code for codes in bytecode_reads_of(function).names.values() for code in codes}
    return found | {own} if isinstance(own, CodeType) else found


def _growing_line(code: CodeType, name: str) -> int | None:
    """The line on which a lambda, which has no statements, makes a list grow."""
    before, line = "", code.co_firstlineno
    for each in dis.get_instructions(code):
        line = getattr(each, "line_number", each.starts_line) or line
        if before == name.rpartition(".")[2] and each.argval in GROWING:
            return line
        before = each.argval if isinstance(each.argval, str) else before
    return None
