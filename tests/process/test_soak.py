"""What is true once must be true a thousand times, at any moment, and beside others."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.ranks import ROOT, wait_for
from tests.process.signalled_run import ISOLATIONS, ARun
from tests.soak import later


@pytest.mark.parametrize(("runs", "launches"), [(4, 8), later(16, 63)])
def test_many_launches_at_once(tmp_path: Path, runs: int, launches: int) -> None:
    """Up to sixteen runs at once, on the machine's own ports: no worker finds its port taken."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.process.many_launches", str(tmp_path), str(launches)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(runs)
    ]
    answers = [process.communicate(timeout=1200)[0] for process in started]
    assert answers == [f"{launches} launches, 0 failed\n"] * runs


@pytest.mark.soak
@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_killed_at_random(tmp_path: Path, isolation: str) -> None:
    """Killed at a random moment, a run leaves nothing: two hundred times."""
    chance = random.Random(5)
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = ARun(folder, isolation, chance.choice(["step 1", "success"]))
        wait_for(lambda run=run: run.process.poll() is not None or _has_ports(run))  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.6))
        if run.process.poll() is None:
            os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait(timeout=30)
        run.assert_nothing_is_left()
    print(f"isolation {isolation}: 200 runs killed at random: nothing left")


def _has_ports(run: ARun) -> bool:
    return any(file.stat().st_size for file in run.runs.glob("*/ports"))
