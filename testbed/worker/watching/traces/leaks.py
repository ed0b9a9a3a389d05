"""Finds tensors of finished traces that the user's code still holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.check.observations.traces import Leak
from testbed.worker.watching.python_state.object_graph import reached_from
from testbed.worker.watching.python_state.statements import storing_statement


def leaks(objects: list[Any]) -> Iterator[Leak]:
    """Tensors of finished traces that the user's code still holds.

    Args:
        objects: the objects of the user's from which to search, beside the modules' globals.
    """
    reported: set[tuple[str, str]] = set()
    for spot, value in reached_from(None, objects):
        held = list(value) if isinstance(value, (list, tuple)) else [value]
        tensor = next((each for each in held if _is_symbolic(each)), None)
        place = storing_statement(spot.file, spot.name) if tensor is not None else None
        if place and (spot.file, spot.name) not in reported:
            reported.add((spot.file, spot.name))
            yield Leak(spot.name, str(getattr(tensor, "name", "")), place)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, tf.Tensor) and tf.is_symbolic_tensor(value)
