"""Bursts of workers come to their end, or end at a random moment when they are told to."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.launcher.machine.leftovers import processes_of
from tests.process.ranks import ROOT, wait_for
from tests.process.signalled_run import ISOLATIONS

ROUNDS = 12
END_S = 20.0
"""However many are there, so soon all are gone."""


class ABurst:
    """A run of `tests.process.a_burst`."""

    def __init__(self, folder: Path, isolation: str, count: int) -> None:
        self.runs = folder
        command = [
            sys.executable,
            "-m",
            "tests.process.a_burst",
            str(folder),
            isolation,
            str(count),
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def wait_until_it_starts(self) -> None:
        """Wait until its server starts, so that signals are listened to."""
        wait_for(lambda: any(self.runs.glob("*/server.log")) or self.process.poll() is not None)

    def ends(self, seconds: float) -> tuple[int, str]:
        """Its exit status and what it complained of; fails where something of it is left."""
        said = self.process.communicate(timeout=seconds)[1]
        (folder,) = self.runs.iterdir()
        wait_for(lambda: not processes_of(folder), 5)
        return self.process.returncode, said


@pytest.mark.soak
@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("count", [50, 200, 600, 1000])
def test_bursts(tmp_path: Path, count: int, isolation: str) -> None:
    """A burst reports; SIGTERM at a random moment of it ends all within seconds, each time."""
    began = time.monotonic()
    burst = ABurst(tmp_path / "undisturbed", isolation, count)
    assert burst.ends(600) == (0, "")
    whole = time.monotonic() - began
    chance, slowest = random.Random(count), 0.0
    for number in range(ROUNDS):
        burst = ABurst(tmp_path / str(number), isolation, count)
        burst.wait_until_it_starts()
        with contextlib.suppress(subprocess.TimeoutExpired):
            burst.process.wait(chance.uniform(0, whole))
        told = time.monotonic()
        if burst.process.poll() is None:
            os.kill(burst.process.pid, signal.SIGTERM)
        status, said = burst.ends(END_S)
        slowest = max(slowest, time.monotonic() - told)
        # It may have been at its very end, where nobody listens to signals any more.
        assert status in (0, 130, -signal.SIGTERM), said
        assert "Traceback" not in said
    print(f"{count} workers, isolation {isolation}: {whole:.1f} s; after SIGTERM {slowest:.1f} s")
