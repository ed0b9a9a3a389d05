"""A run in a process that tests end, and what the operating system says of it."""

import os
import subprocess
import sys
from pathlib import Path

from testbed.launcher.machine.leftovers import processes_of
from tests.process.ranks import ROOT, wait_for

ISOLATIONS = ["auto", "none"]


LISTENS = "0A"


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
