"""Random numbers that replicas draw: by which seeds, or which numbers they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from testbed.check.seen import Draw, SourceLine
from testbed.worker.probes import captured_from
from testbed.worker.watching.data.batches import Step, digest
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

# Without those of full integers, which generators make their keys with.
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

# What these draw is told apart by chance alone; others may draw one number again and again.
_TELLING = ("Normal", "NormalV2", "Uniform", "UniformV2", "Shuffle")

# Draws of one line by one replica, and calls of one step, that are looked at.
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
    """Watches random numbers.

    Args:
        number_of: gives the number of the variable whose handle a tensor is, where it is known.
    """

    def __init__(self, number_of: Callable[[Any], int | None]) -> None:
        self._number_of = number_of
        self._lines: dict[Line, _Drawn] = {}

    def drawn(self, kind: str, inputs: Any, outputs: Any, replica: int, step: Step) -> None:
        """A replica draws, by one of DRAWING."""
        if step.calls > _CALLS:
            return
        place, libraries, _ = author_place()
        step.draws = True
        if libraries or place is None:
            return
        step.own_draws = True
        line = (place, step.place, replica)
        known = self._lines.get(line)
        symbolic = tf.is_symbolic_tensor(outputs[0])
        if known is None:
            if len(self._lines) >= _LINES:
                return
            origin, numbers = self._origin(kind, inputs, outputs) if symbolic else ("drawn", [])
            shape = outputs[0].shape
            known = self._lines[line] = _Drawn(
                origin,
                numbers,
                tuple(shape.as_list()) if shape.rank is not None else None,
            )
        known.sizes = tuple(sorted(step.sizes))
        tells = not symbolic and known.origin == "drawn" and kind.endswith(_TELLING)
        if tells and len(known.numbers) < _DRAWS:
            known.numbers.append(digest(outputs[:1]))

    def seen(self) -> Iterator[Draw]:
        """What each replica drew at each line."""
        for (place, step, replica), known in self._lines.items():
            numbers = tuple(known.numbers)
            yield Draw(place, step, replica, known.origin, numbers, known.shape, known.sizes)

    def _origin(self, kind: str, inputs: Any, outputs: Any) -> tuple[str, list[str]]:
        """What decides the numbers that an operation of a graph draws."""
        if kind in _STATEFUL:
            operation = outputs[0].op
            seeds = (operation.get_attr("seed"), operation.get_attr("seed2"))
            return ("seeded", [repr(seeds)]) if any(seeds) else ("", [])
        return self._origin_of_key(list(inputs[1:]))

    def _origin_of_key(self, waiting: list[Any]) -> tuple[str, list[str]]:
        """What the seed, or the key and the counter, of a stateless operation are made from."""
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
