"""However a run ends, at whatever moment, the operating system knows of nothing that it left."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from testbed.launcher.machine.leftovers import processes_of
from tests.process.signalled_run import ISOLATIONS, ARun

MOMENTS = ["starting", "forked", "joined", "step 1", "reported"]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


def pairs() -> list[Any]:
    """Signals, moments and isolations; the half in `make test` has every two of them together."""
    return [
        pytest.param(
            number,
            moment,
            isolation,
            id=f"{number.name}-{moment}-{isolation}",
            marks=() if (place + turn) % 2 == other else pytest.mark.soak,
        )
        for turn, number in enumerate(SIGNALS)
        for place, moment in enumerate(MOMENTS)
        for other, isolation in enumerate(ISOLATIONS)
    ]


@pytest.mark.parametrize(("number", "moment", "isolation"), pairs())
def test_after_a_signal(
    tmp_path: Path, number: signal.Signals, moment: str, isolation: str
) -> None:
    """Whichever signal ends the launching process in whichever phase, nothing is left."""
    run = ARun(tmp_path, isolation, moment)
    run.wait_until_there(1 if moment == "starting" else 2)
    if moment != "starting":
        # Launcher, (keeper,) server, and two workers with a child and a daemon each.
        assert len(processes_of(run.folder)) >= 7
    began = time.monotonic()
    os.kill(run.process.pid, number)
    status = run.process.wait(timeout=30)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    run.assert_nothing_is_left()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("outcome", ["success", "failure"])
def test_after_its_end(tmp_path: Path, outcome: str, isolation: str) -> None:
    """A run that comes to its end, good or bad, leaves nothing."""
    run = ARun(tmp_path, isolation, outcome)
    assert run.process.wait(timeout=60) == 0
    assert (run.folder / "cases/case/ledger.jsonl").exists()
    run.assert_nothing_is_left()
