"""However a run ends, at whatever moment, the operating system knows of nothing that it left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.launcher.machine.leftovers import processes_of

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = ["starting", "forked", "joined", "step 1", "reported"]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
ISOLATIONS = ["auto", "none"]
LISTENS = "0A"


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def listened_on() -> set[int]:
    """The ports on which somebody listens on this machine, as the kernel tells them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == LISTENS:
                found.add(int(local.rpartition(":")[2], 16))
    return found


class ARun:
    """A run of `tests.process.a_run`, and what the operating system says of it."""

    def __init__(self, folder: Path, isolation: str, stay_at: str) -> None:
        self.runs = folder / "runs"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.process.a_run", str(self.runs), isolation, stay_at],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.DEVNULL,
        )

    @property
    def folder(self) -> Path:
        (folder,) = self.runs.iterdir()
        return folder

    @property
    def ports(self) -> set[int]:
        return set(map(int, (self.folder / "ports").read_text().split()))

    def wait_until_there(self, workers: int) -> None:
        """Wait until its workers, or its server, are where they are to stay."""
        wait_for(lambda: len(list(self.runs.glob("*/cases/case/at-*"))) == workers)

    def assert_nothing_is_left(self) -> None:
        """No process, no port, no file outside its folder."""
        wait_for(lambda: not processes_of(self.folder), 5)
        assert listened_on() & self.ports == set()
        assert list(self.temporary.iterdir()) == []


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: str(number.name))
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
