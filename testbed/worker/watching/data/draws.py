"""Records the random numbers that replicas draw: their seeds, or digests of the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from testbed.check.seen import Draw, SourceLine
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


Line = tuple["SourceLine | None", "SourceLine | None", int]


class Draws:
    """Observes operations that draw random numbers.

    Args:
        number_of: returns the number of the variable with this handle; None if unknown.
    """

    def __init__(self, number_of: Callable[[Any], int | None]) -> None:
        self._number_of = number_of
        self._lines: dict[Line, _Drawn] = {}

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
            known = self._lines[line] = self._first(kind, inputs, outputs)
        known.sizes = tuple(sorted(step.sizes))
        eager = known.origin == "drawn" and not tf.is_symbolic_tensor(outputs[0])
        if eager and kind.endswith(_DISTINCT) and len(known.numbers) < _DRAWS:
            known.numbers.append(digest(outputs[:1]))

    def seen(self) -> Iterator[Draw]:
        """The draws of each replica at each line."""
        for (place, step, replica), known in self._lines.items():
            numbers = tuple(known.numbers)
            yield Draw(place, step, replica, known.origin, numbers, known.shape, known.sizes)

    def _first(self, kind: str, inputs: Any, outputs: Any) -> _Drawn:
        """The first draw of a line: its origin and shape; an eager one draws known numbers."""
        symbolic, shape = tf.is_symbolic_tensor(outputs[0]), outputs[0].shape
        origin, numbers = self._origin(kind, inputs, outputs) if symbolic else ("drawn", [])
        return _Drawn(origin, numbers, tuple(shape.as_list()) if shape.rank is not None else None)

    def _origin(self, kind: str, inputs: Any, outputs: Any) -> tuple[str, list[str]]:
        """The origin of the numbers that an operation of a graph draws, and its seeds."""
        if kind in _STATEFUL:
            operation = outputs[0].op
            seeds = (operation.get_attr("seed"), operation.get_attr("seed2"))
            return ("seeded", [repr(seeds)]) if any(seeds) else ("", [])
        return self._origin_of_key(list(inputs[1:]))

    def _origin_of_key(self, waiting: list[Any]) -> tuple[str, list[str]]:
        """The origin of the seed, or of key and counter, of a stateless operation."""
        constants: list[str] = []
        seen = set[str]()
        while waiting:
            operation = waiting.pop().op
            if operation.name in seen:
                continue
            seen.add(operation.name)
            if operation.type == "RngReadAndSkip":
                number = self._number_of(captured_from(operation.inputs[0]))
                return ("generator", [str(number)]) if number is not None else ("", [])
            if operation.type == "Const":
                constants.append(repr(tf.get_static_value(operation.outputs[0])))
            elif not operation.inputs or len(seen) > _LOOKED_AT:
                return "", []
            waiting += list(operation.inputs)
        return "fixed", constants
