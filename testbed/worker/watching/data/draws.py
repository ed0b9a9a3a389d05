"""Records the random numbers that replicas draw: their seeds, or digests of the numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import Draw, SourceLine
from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import WatchedStep, digest
from testbed.worker.watching.stack import author_place

_STATEFUL = (
    "Multinomial",
    "ParameterizedTruncatedNormal",
    "RandomGamma",
    "RandomPoissonV2",
    "RandomShuffle",
    "RandomStandardNormal",
    "RandomUniform",
    "RandomUniformInt",
    "TruncatedNormal",
)

# Without operations for full-range integers, with which generators create their keys.
_STATELESS = (
    "StatelessMultinomial",
    "StatelessRandomBinomial",
    "StatelessRandomGammaV2",
    "StatelessRandomGammaV3",
    "StatelessRandomNormal",
    "StatelessRandomNormalV2",
    "StatelessRandomPoisson",
    "StatelessRandomUniform",
    "StatelessRandomUniformInt",
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformV2",
    "StatelessShuffle",
    "StatelessTruncatedNormal",
    "StatelessTruncatedNormalV2",
)

MOVING = "RngReadAndSkip"
"""The operation that gives a generator's state and moves it on."""

DRAWING = frozenset((*_STATEFUL, *_STATELESS))

# Numbers of these are equal only if they are the same draw; others may repeat one number.
_DISTINCT = ("Normal", "NormalV2", "Uniform", "UniformV2", "Shuffle")

# Limits: draws of one line by one replica, calls of one step, lines, and searched operations.
_DRAWS = 8
_CALLS = 8
_LINES = 500
_LOOKED_AT = 200


@dataclass
class _Drawn:
    origin: str
    numbers: list[str] = field(default_factory=list)
    shape: tuple[int | None, ...] | None = None
    sizes: tuple[int, ...] = ()
    generator: int | None = None


Line = tuple["SourceLine | None", "SourceLine | None", int]


class Draws:
    """Observes operations that draw random numbers.

    Args:
        number_of: returns the number of the variable with this handle; None if unknown.
    """

    def __init__(self, number_of: Callable[[Any], int | None]) -> None:
        self._number_of = number_of
        self._lines: dict[Line, _Drawn] = {}
        # For each thread, the generator that it last moved on eagerly, and the line that did so.
        self._moved: dict[int, tuple[int | None, SourceLine | None]] = {}

    def moved(self, inputs: Any) -> None:
        """Record that a generator is moved on, which happens before it draws."""
        if tf.executing_eagerly():
            number = self._number_of(captured_from(inputs[0]))
            self._moved[threading.get_ident()] = number, author_place().place

    def drawn(self, kind: str, inputs: Any, outputs: Any, replica: int, step: WatchedStep) -> None:
        """Record that a replica runs one of the operations in DRAWING."""
        if step.calls > _CALLS:
            return
        place, libraries, _ = author_place()
        step.draws = True
        if libraries or place is None:
            return
        step.own_draws = True
        line = (place, step.place, replica)
        known = self._lines.get(line)
        if known is None:
            if len(self._lines) >= _LINES:
                return
            known = self._lines[line] = self._first(kind, inputs, outputs, place)
        known.sizes = tuple(sorted(step.sizes))
        eager = known.origin == "drawn" and not tf.is_symbolic_tensor(outputs[0])
        if eager and kind.endswith(_DISTINCT) and len(known.numbers) < _DRAWS:
            known.numbers.append(digest(outputs[:1]))

    def seen(self) -> Iterator[Draw]:
        """The draws of each replica at each line."""
        for (place, step, replica), known in self._lines.items():
            numbers = tuple(known.numbers)
            about = (known.origin, numbers, known.shape, known.sizes, known.generator)
            yield Draw(place, step, replica, *about)

    def _first(self, kind: str, inputs: Any, outputs: Any, place: SourceLine | None) -> _Drawn:
        """The first draw of a line: its origin and shape; an eager one draws known numbers."""
        if tf.is_symbolic_tensor(outputs[0]):
            drawn = self._traced(kind, inputs, outputs)
        else:
            generator, moved = self._moved.get(threading.get_ident(), (None, None))
            from_it = kind in _STATELESS and moved == place
            drawn = _Drawn("drawn", generator=generator if from_it else None)
        shape = outputs[0].shape
        drawn.shape = tuple(shape.as_list()) if shape.rank is not None else None
        return drawn

    def _traced(self, kind: str, inputs: Any, outputs: Any) -> _Drawn:
        """The origin of the numbers that an operation of a graph draws, and its seeds."""
        if kind in _STATEFUL:
            operation = outputs[0].op
            seeds = (operation.get_attr("seed"), operation.get_attr("seed2"))
            return _Drawn("seeded", [repr(seeds)]) if any(seeds) else _Drawn("")
        return self._of_key(list(inputs[1:]))

    def _of_key(self, waiting: list[Any]) -> _Drawn:
        """The origin of the seed, or of key and counter, of a stateless operation."""
        constants: list[str] = []
        seen = set[str]()
        while waiting:
            operation = waiting.pop().op
            if operation.name in seen:
                continue
            seen.add(operation.name)
            if operation.type == MOVING:
                number = self._number_of(captured_from(operation.inputs[0]))
                return _Drawn("generator" if number is not None else "", generator=number)
            if operation.type == "Const":
                constants.append(repr(tf.get_static_value(operation.outputs[0])))
            elif not operation.inputs or len(seen) > _LOOKED_AT:
                return _Drawn("")
            waiting += list(operation.inputs)
        return _Drawn("fixed", constants)
