"""However a run ends, at whatever moment, nothing of it stays behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.launcher.machine.leftovers import processes_of
from tests.soak import later

# What a run has written when it has come this far.
MOMENTS = {
    "importing": "*/server.log",
    "forked": "*/cases/*2x2/worker-1.log",
    "waiting": "*/cases/*2x2/waiting",
}
WAITS = """
@scenario(sites=("in_scope",), modes=("eager",))
def waits(bed: Bed) -> None:
    \"\"\"Waits for ever in worker 1, so that worker 0 waits for it.\"\"\"
    import pathlib, subprocess, sys, threading
    if bed.worker == 1:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        folder, = pathlib.Path(".testbed/runs").glob("*/cases/*2x2")
        (folder / "waiting").touch()
        threading.Event().wait()
    bed.run(lambda: tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0)))
"""


SIGNALS = {
    "interrupted": signal.SIGINT,
    "terminated": signal.SIGTERM,
    "killed": signal.SIGKILL,
}
# Each moment with a signal of its own; `make soak` has the other pairs.
IN_EVERY_RUN = [("interrupted", "waiting"), ("terminated", "importing"), ("killed", "forked")]


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(
            SIGNALS[how],
            moment,
            id=f"{how} {moment}",
            marks=() if (how, moment) in IN_EVERY_RUN else pytest.mark.soak,
        )
        for how in SIGNALS
        for moment in MOMENTS
    ],
)
def test_nothing_is_left(
    start: Callable[..., subprocess.Popen[str]],
    script: Callable[..., str],
    tmp_path: Path,
    number: signal.Signals,
    moment: str,
) -> None:
    """Interrupted or killed at any moment, a run leaves no process; Ctrl-C gives status 130."""
    process = start(
        "run", script(WAITS), "--strategy", "multi_worker_mirrored", "--workers", "2",
        "--replicas", "2",
    )  # fmt: skip
    runs = tmp_path / ".testbed/runs"
    _wait_for(lambda: any(runs.glob(MOMENTS[moment])), 60)
    (run,) = runs.iterdir()
    # A process carries its run's mark only once it is more than a copy of its parent.
    _wait_for(lambda: bool(processes_of(run)), 60)
    _end_and_look(process, number, run)


@pytest.mark.parametrize(
    "number",
    [later(signal.SIGINT), signal.SIGKILL],
    ids=["interrupted", "killed"],
)
def test_nothing_is_left_of_a_benchmark(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    """Interrupted while the bare loop and a worker take turns, a benchmark leaves neither."""
    process = start("bench", "own_cost")
    runs = tmp_path / ".testbed/runs"
    _wait_for(lambda: any(runs.glob("*/cases/own_cost*mirrored-2*/worker-0.stacks")), 120)
    (run,) = runs.iterdir()
    # The bare loop, the server, and a worker.
    _wait_for(lambda: len(processes_of(run)) >= 3, 120)
    _end_and_look(process, number, run)


def _end_and_look(process: subprocess.Popen[str], number: signal.Signals, run: Path) -> None:
    """Send the signal; status and message are as promised, and no process is left."""
    began = time.monotonic()
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=30)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert errors == "testbed: interrupted; all workers are ended\n"
        assert processes_of(run) == []
        assert time.monotonic() - began < 5
    _wait_for(lambda: not processes_of(run), 10)


def _wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
