"""The observation of a name of TensorFlow 1 that does not give the variable made before by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotReused:
    """Calls of `tf.compat.v1.get_variable` at one line that made a variable they were to reuse."""

    first: int
    """The number of the variable to reuse: `VariableCreated.number`."""
    second: int
    """The number of the variable that the first of these calls made instead."""
    asked: str
    """How the program asks for the reuse, like `reuse=True`."""
    count: int = 1
    """How many variables were made instead."""
