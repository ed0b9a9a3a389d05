"""Seeds the random numbers for which the user's code sets no seed."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy

from testbed.worker.watching.library_names import OPERATION_SEED

# Every seed makes another kernel, which TensorFlow keeps: after so many, operations have none.
_SEEDS = 2000
_OF_DATASETS = "/data/util/random_seed.py"


def reseeded(seed: int) -> contextlib.AbstractContextManager[None]:
    """Replace the random state that all forked workers inherit from their server, at once.

    Args:
        seed: decides the new state, and in the block that of TensorFlow's operations; 0: the
            new state is unknown, and TensorFlow draws as it does.
    """
    random.seed(seed or None)
    numpy.random.seed(seed % 2**32 if seed else None)
    return _seeded_operations(seed) if seed else contextlib.nullcontext()


@contextlib.contextmanager
def _seeded_operations(seed: int) -> Iterator[None]:
    """Give the first operations without a seed one each, in an order that another run repeats.

    The order of a dataset stays as it is, because `testbed check` reports the seeds of shuffles.

    Private: the public `tf.random.set_seed` would make the workers and runs of a program alike
    that is meant to draw other numbers. Without the name, TensorFlow draws as it does.
    """
    if not OPERATION_SEED.exists:
        yield
        return
    owner, name = OPERATION_SEED.owner()
    numbers, original, left = random.Random(seed), getattr(owner, name), _SEEDS

    def get_seed(op_seed: Any) -> Any:
        nonlocal left
        seeds = original(op_seed)
        of_dataset = sys._getframe(1).f_code.co_filename.endswith(_OF_DATASETS)
        if seeds != (None, None) or of_dataset or not left:
            return seeds
        left -= 1
        return numbers.getrandbits(31), numbers.getrandbits(31)

    setattr(owner, name, get_seed)
    try:
        yield
    finally:
        setattr(owner, name, original)
