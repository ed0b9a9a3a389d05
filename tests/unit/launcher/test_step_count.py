"""The count of steps, as another process reads it."""

from __future__ import annotations

import os
import time

from testbed.launcher.cluster.step_count import StepCount, steps_of


def test_steps_and_the_time_since_the_last_one() -> None:
    """A call that is no step changes neither the number nor the time."""
    count = StepCount()
    seen = steps_of(os.getpid())
    assert seen
    assert (seen.begun, seen.inside, seen.ago) == (0, False, None)
    before = time.monotonic()
    count.begin()
    count.begin()
    first = steps_of(os.getpid())
    count.other()
    later = steps_of(os.getpid())
    assert first
    assert later
    assert (first.begun, first.inside) == (2, True)
    assert (later.begun, later.inside) == (2, False)
    assert first.ago is not None
    assert later.ago is not None
    assert 0 <= first.ago <= later.ago <= time.monotonic() - before
