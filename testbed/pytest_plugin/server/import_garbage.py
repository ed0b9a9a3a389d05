"""Keeps the garbage collector from the many objects that a test module's imports make."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

_LARGE = "tensorflow"


@contextlib.contextmanager
def kept_from_collector() -> Iterator[None]:
    """Collect no garbage in the block; if the block imports TensorFlow, never visit its objects.

    The imports of TensorFlow make a million objects that live on. The collector would visit them a
    few hundred times while it imports, and pytest and the interpreter make it visit them again at
    their ends: a second in all, while a user waits. `given_back` undoes it.
    """
    thresholds, imported = gc.get_threshold(), _LARGE in sys.modules
    none = (0, *thresholds[1:])
    gc.set_threshold(*none)
    try:
        yield
    finally:
        if not imported and _LARGE in sys.modules:
            gc.freeze()
        # The imported code may have set its own.
        if gc.get_threshold() == none:
            gc.set_threshold(*thresholds)


def given_back() -> None:
    """Make the collector visit all objects again, as a test in this process may expect."""
    if gc.get_freeze_count():
        gc.unfreeze()
