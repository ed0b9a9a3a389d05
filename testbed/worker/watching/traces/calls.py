"""Calls of tf.functions: with what they are made, and on what they were traced."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import tensorflow as tf

from testbed.check.seen import Frozen, Mixed, Retraced, SourceLine
from testbed.worker.watching.python_state.object_graph import Spot, innermost
from testbed.worker.watching.python_state.statements import is_kept_on_purpose
from testbed.worker.watching.stack import author_place, is_authors
from testbed.worker.watching.traces.bytecode_reads import Lines, Name, Reads, reads_of
from testbed.worker.watching.traces.signature import Signature, signature_of, what_differs
from testbed.worker.watching.traces.snapshots import Look, drawn_at, look_at, place_of
from testbed.worker.watching.traces.traced_values import Kept

# Calls whose values are looked at; later ones are many, and take time.
_ALL_LOOKED_AT = 20
_LOOKED_AT_EVERY = 10


@dataclass
class _Function:
    calls: int = 0
    reads: Reads = field(default_factory=Reads)
    traced: dict[Signature, dict[Spot, Kept]] = field(default_factory=dict)
    """On which values, by the arguments; only where a call with these was seen to trace."""
    drawn: dict[Signature, dict[str, Name | None]] = field(default_factory=dict)
    """From which sources numbers were drawn meanwhile."""


@dataclass
class _Call:
    function: Any
    signature: Signature | None
    count: int
    births: int
    look: Look | None


@dataclass
class _Traces:
    """Of all tf.functions that are made of one code."""

    name: str
    place: SourceLine
    calls: int = 0
    traces: int = 0
    functions: set[int] = field(default_factory=set)
    last: Signature | None = None
    why: Counter[str] = field(default_factory=Counter)


class Calls:
    """Remembers what each tf.function was called with, and what it had when it was traced."""

    def __init__(self) -> None:
        self.mixed: dict[int, Mixed] = {}
        self.python_lines: Lines = set()
        """Of what tf.py_function calls: it reads when the step runs, not when it is traced."""
        self._variables: dict[tuple[int, int], Any] = {}
        self._known: dict[int, _Function] = {}
        self._frozen: dict[tuple[int, Any], Frozen] = {}
        self._traces: dict[CodeType, _Traces] = {}
        # By their ids, which mean nothing once they are gone.
        self._functions: dict[int, Any] = {}
        self._going_on = threading.local()

    def called(self, function: Any, args: Any, kwargs: Any, births: int) -> None:
        """A tf.function is about to be called; so many variables have been made."""
        call = _Call(function, None, function.experimental_get_tracing_count(), births, None)
        # Before anything that may raise: each call on the stack is taken off when it returns.
        self._stack().append(call)
        self._functions[id(function)] = function
        known = self._known.setdefault(id(function), _Function())
        known.calls += 1
        self._look_at_variables(function, (args, kwargs))
        if known.calls == 1:
            known.reads = reads_of(function)
        call.signature = signature_of(args, kwargs)
        if known.calls <= _ALL_LOOKED_AT or known.calls % _LOOKED_AT_EVERY == 0:
            call.look = look_at(function, known.reads)

    def returned(self, births: int) -> bool:
        """The call that began last is over; whether it has traced."""
        call = self._stack().pop()
        known = self._known[id(call.function)]
        traced = bool(call.function.experimental_get_tracing_count() > call.count)
        if not tf.inside_function():
            self._count(call, known, traced=traced)
        if call.signature is None or call.look is None:
            if traced and call.signature is not None:
                # Of a trace between two looks nobody knows what it was made with.
                known.traced.pop(call.signature, None)
        elif traced:
            self._keep(call, known, call.signature, made=births > call.births)
        else:
            self._compare(call, known, call.signature, call.look)
        return traced

    @property
    def going_on(self) -> Any:
        """The tf.function whose call began last."""
        return self._stack()[-1].function

    def frozen(self) -> Iterator[Frozen]:
        """What changed after it was traced, and was not traced again."""
        return iter(self._frozen.values())

    def retraced(self) -> Iterator[Retraced]:
        """How often each tf.function of the author's was called, and traced."""
        for traces in self._traces.values():
            why = traces.why.most_common(1)[0][0] if traces.why else ""
            yield Retraced(traces.name, traces.calls, traces.traces, why, traces.place)

    def _stack(self) -> list[_Call]:
        # Replicas call in threads of their own.
        stack: list[_Call] = self._going_on.__dict__.setdefault("calls", [])
        return stack

    def _look_at_variables(self, function: Any, arguments: Any) -> None:
        for position, value in enumerate(tf.nest.flatten(arguments)):
            if not isinstance(value, tf.distribute.DistributedValues):
                continue
            if not isinstance(value, tf.Variable):
                continue
            first = self._variables.setdefault((id(function), position), value)
            if first is not value and id(function) not in self.mixed:
                place = author_place().place
                name = getattr(function.python_function, "__name__", "a tf.function")
                self.mixed[id(function)] = Mixed(name, str(first.name), str(value.name), place)

    def _count(self, call: _Call, known: _Function, *, traced: bool) -> None:
        code = getattr(innermost(call.function), "__code__", None)
        if code is None or not is_authors(code.co_filename):
            return
        place = SourceLine(code.co_filename, code.co_firstlineno, code.co_name)
        traces = self._traces.setdefault(code, _Traces(code.co_name, place))
        traces.calls += 1
        if traced:
            traces.traces += 1
            if known.calls == 1 and traces.functions:
                traces.why["the tf.function itself, made anew,"] += 1
            elif traces.traces > 1:
                traces.why.update(what_differs(traces.last, call.signature))
            traces.last = call.signature
        traces.functions.add(id(call.function))

    def _keep(self, call: _Call, known: _Function, signature: Signature, *, made: bool) -> None:
        """Keep on what a trace was made; without what it has changed itself."""
        before, after = call.look or Look(), look_at(call.function, known.reads)
        known.traced[signature] = {
            spot: kept
            for spot, kept in before.values.items()
            if after.values.get(spot, kept) == kept
        }
        # What a variable begins with is drawn once, and rightly.
        known.drawn[signature] = {
            name: read
            for name, (read, state) in before.sources.items()
            if not made and name in after.sources and after.sources[name][1] != state
        }

    def _compare(self, call: _Call, known: _Function, signature: Signature, look: Look) -> None:
        """Tell what a call without a trace goes on with."""
        name = getattr(innermost(call.function), "__name__", "the tf.function")
        for spot, kept in known.traced.get(signature, {}).items():
            now = look.values.get(spot, kept)
            key = id(call.function), spot
            if now.kind != kept.kind or now == kept or key in self._frozen:
                continue
            place = place_of(spot, known.reads, self.python_lines)
            if place:
                found = Frozen(spot.name, kept.shown, now.shown, place, name, kept.kind, spot.file)
                self._frozen[key] = found
        drawn = known.drawn.get(signature)
        if drawn:
            self._look_at_draws(call, known, drawn, name)

    def _look_at_draws(
        self, call: _Call, known: _Function, drawn: dict[str, Name | None], name: str
    ) -> None:
        before, after = call.look or Look(), look_at(call.function, known.reads)
        for source, read in drawn.items():
            if before.sources.get(source) != after.sources.get(source):
                # It is drawn from in the calls themselves.
                continue
            found = drawn_at(known.reads, source, read, self.python_lines)
            if found and not is_kept_on_purpose(found[1]):
                told, place = found
                key = id(call.function), source
                self._frozen.setdefault(key, Frozen(told, None, None, place, name, "draw"))
