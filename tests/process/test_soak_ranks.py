"""Ranks meet and part every time: alone, on a busy machine, and when they are ended at random."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.ranks import ranks, wait_for

pytestmark = pytest.mark.soak

BUSY = [sys.executable, "-c", "while True: pass"]


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that keep a core busy."""
    started = [subprocess.Popen(BUSY) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("meetings", "load"), [(200, 0), (50, 2)], ids=["alone", "on a busy machine"]
)
def test_meetings(tmp_path: Path, meetings: int, load: int) -> None:
    """Three ranks meet, run a tiny cluster and part, every time, and leave nothing."""
    longest = 0.0
    with busy(load):
        for number in range(meetings):
            began = time.monotonic()
            with ranks(tmp_path / str(number), 3) as started:
                started.start_all()
                statuses = [rank.ends() for rank in started.all]
                assert statuses == [0, 0, 0], [rank.said for rank in started.all]
                assert started.end("report")["cause"] == ""
                assert all("Traceback" not in rank.said for rank in started.all)
            longest = max(longest, time.monotonic() - began)
    print(
        f"{meetings} meetings of 3 beside {load} busy processes: the longest took {longest:.1f} s"
    )


def test_ended_at_random(tmp_path: Path) -> None:
    """Whichever rank is ended at a random moment, in whatever way, all end and nothing is left."""
    chance = random.Random(7)
    programs = ("listen", "keep_grandchildren")
    for number in range(100):
        with ranks(tmp_path / str(number), 3, meet=5.0, programs=programs) as started:
            started.start_all()
            victim = chance.randrange(3)
            how = chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
            if chance.random() < 0.7:
                wait_for(started.run.meeting.exists)
            time.sleep(chance.uniform(0, 1.2))
            started.all[victim].kill(how)
            statuses = [rank.ends(30) for rank in started.all]
            assert set(statuses) <= {0, 1, 130, -how}, (victim, how, statuses)
            told = [rank.said for rank in started.all if rank is not started.all[victim]]
            started.assert_nothing_is_left()
            assert all("Traceback" not in said for said in told), (victim, how, told)
    print("100 runs of 3 ranks, one of them ended at random: nothing left")
