"""Records the arguments of tf.function calls, and the values on which functions were traced."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import (
    Frozen,
    SourceLine,
)
from testbed.check.observations.traces import Mixed, Retraced
from testbed.worker.watching.python_state.object_graph import Spot, innermost
from testbed.worker.watching.python_state.statements import is_kept_on_purpose
from testbed.worker.watching.stack import author_place, is_authors
from testbed.worker.watching.traces.bytecode_reads import (
    BytecodeReads,
    Lines,
    Name,
    bytecode_reads_of,
)
from testbed.worker.watching.traces.signature import Signature, signature_of, what_differs
from testbed.worker.watching.traces.snapshots import Snapshot, drawn_at, place_of, take_snapshot
from testbed.worker.watching.traces.traced_values import TracedValue

# The first calls that are inspected; of the later ones, which are many, only every tenth.
_ALL_LOOKED_AT = 20
_LOOKED_AT_EVERY = 10


@dataclass
class _Function:
    calls: int = 0
    reads: BytecodeReads = field(default_factory=BytecodeReads)
    traced: dict[Signature, dict[Spot, TracedValue]] = field(default_factory=dict)
    """Values of each trace, by its signature; only for traces made in an inspected call."""
    drawn: dict[Signature, dict[str, Name | None]] = field(default_factory=dict)
    """Sources from which numbers were drawn during that trace."""


@dataclass
class _Call:
    function: Any
    signature: Signature | None
    count: int
    births: int
    snapshot: Snapshot | None


@dataclass
class _Traces:
    """Counts over all tf.functions that share one code object."""

    name: str
    place: SourceLine
    calls: int = 0
    traces: int = 0
    functions: set[int] = field(default_factory=set)
    last: Signature | None = None
    why: Counter[str] = field(default_factory=Counter)


class FunctionCalls:
    """Records the arguments of each tf.function, and the values that it read when traced."""

    def __init__(self) -> None:
        self.mixed: dict[int, Mixed] = {}
        self.python_lines: Lines = set()
        """Lines that tf.py_function calls: they read when the step runs, not during the trace."""
        self._variables: dict[tuple[int, int], Any] = {}
        self._known: dict[int, _Function] = {}
        self._frozen: dict[tuple[int, Any], Frozen] = {}
        self._traces: dict[CodeType, _Traces] = {}
        # Keeps the functions alive, so that their ids stay unique.
        self._functions: dict[int, Any] = {}
        self._going_on = threading.local()

    def called(self, function: Any, args: Any, kwargs: Any, births: int) -> None:
        """Record a call that begins; `births` is the number of variables created so far."""
        call = _Call(function, None, function.experimental_get_tracing_count(), births, None)
        # Before anything that may raise: each call on the stack is taken off when it returns.
        self._stack().append(call)
        self._functions[id(function)] = function
        known = self._known.setdefault(id(function), _Function())
        known.calls += 1
        self._look_at_variables(function, (args, kwargs))
        if known.calls == 1:
            known.reads = bytecode_reads_of(function)
        call.signature = signature_of(args, kwargs)
        if known.calls <= _ALL_LOOKED_AT or known.calls % _LOOKED_AT_EVERY == 0:
            call.snapshot = take_snapshot(function, known.reads)

    def returned(self, births: int) -> bool:
        """Record the end of the call that began last; returns whether it has traced."""
        call = self._stack().pop()
        known = self._known[id(call.function)]
        traced = bool(call.function.experimental_get_tracing_count() > call.count)
        if not tf.inside_function():
            self._count(call, known, traced=traced)
        if call.signature is not None:
            self._look_at_values(call, known, call.signature, births, traced=traced)
        return traced

    @property
    def going_on(self) -> Any:
        """The tf.function whose call began last."""
        return self._stack()[-1].function

    def frozen(self) -> Iterator[Frozen]:
        """Values that changed after a trace, without a new trace."""
        return iter(self._frozen.values())

    def retraced(self) -> Iterator[Retraced]:
        """How often each of the user's tf.functions was called and traced."""
        for traces in self._traces.values():
            why = traces.why.most_common(1)[0][0] if traces.why else ""
            yield Retraced(traces.name, traces.calls, traces.traces, why, traces.place)

    def _stack(self) -> list[_Call]:
        # Each replica calls in a separate thread.
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
                traces.why["the tf.function itself, created again,"] += 1
            elif traces.traces > 1:
                traces.why.update(what_differs(traces.last, call.signature))
            traces.last = call.signature
        traces.functions.add(id(call.function))

    def _look_at_values(
        self, call: _Call, known: _Function, signature: Signature, births: int, *, traced: bool
    ) -> None:
        """Keep the values of a new trace; compare those of an old one with the current values."""
        if call.snapshot is None:
            if traced:
                # This call was not inspected, so the values of its trace are unknown.
                known.traced.pop(signature, None)
        elif traced:
            self._keep(call, known, signature, made=births > call.births)
        else:
            self._compare(call, known, signature, call.snapshot)

    def _keep(self, call: _Call, known: _Function, signature: Signature, *, made: bool) -> None:
        """Keep the values on which a trace was made, without those that the call itself changed."""
        before, after = call.snapshot or Snapshot(), take_snapshot(call.function, known.reads)
        known.traced[signature] = {
            spot: kept
            for spot, kept in before.values.items()
            if after.values.get(spot, kept) == kept
        }
        # A call that creates variables is excluded: an initial value is drawn once on purpose.
        known.drawn[signature] = {
            name: read
            for name, (read, state) in before.sources.items()
            if not made and name in after.sources and after.sources[name][1] != state
        }

    def _compare(
        self, call: _Call, known: _Function, signature: Signature, snapshot: Snapshot
    ) -> None:
        """Compare the values of an old trace with the current ones, and record differences."""
        name = getattr(innermost(call.function), "__name__", "the tf.function")
        for spot, kept in known.traced.get(signature, {}).items():
            now = snapshot.values.get(spot, kept)
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
        before, after = call.snapshot or Snapshot(), take_snapshot(call.function, known.reads)
        for source, read in drawn.items():
            if before.sources.get(source) != after.sources.get(source):
                # The calls themselves draw from it, so nothing is frozen.
                continue
            found = drawn_at(known.reads, source, read, self.python_lines)
            if found and not is_kept_on_purpose(found[1]):
                drawing, place = found
                key = id(call.function), source
                self._frozen.setdefault(key, Frozen(drawing, None, None, place, name, "draw"))
