"""Runs the programs with known causes: `python -m tests.bench.held_runs [--load] [N] [NAME ...]`.

Prints what `testbed bench --quick` says about each beside the truth, N times (default 1), and how
often it is right. With `--load`, other processes come and go, and take up to all cores.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HELD = Path(__file__).parent / "held"
_ROW = re.compile(
    r"^\| `(?P<program>\w+\.py)` \| (?P<truth>\w+) \| (?P<several>replicas|workers),", re.MULTILINE
)
# Seconds for which a process of the load works, at most.
_LONGEST = 5.0


def truths() -> dict[str, str]:
    """What bounds each program, by its file name."""
    return {row["program"]: row["truth"] for row in _rows()}


def _rows() -> Iterator[re.Match[str]]:
    return _ROW.finditer((HELD / "README.md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class HeldRun:
    """What one run said about a program."""

    program: str
    truth: str
    said: str
    """What bounds it, or the error of the command."""
    headline: str

    @property
    def is_right(self) -> bool:
        """Whether it said the truth."""
        return self.said == self.truth

    @property
    def is_false_alarm(self) -> bool:
        """Whether it named a cause where there is none."""
        return self.truth == "none" and self.said not in ("none", "unclear")


def held_run(program: str, *options: str) -> HeldRun:
    """Take a program apart by the command on two replicas or workers, in a separate folder."""
    row = next(each for each in _rows() if each["program"] == program)
    truth = row["truth"]
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record.json")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "testbed", "bench", "--quick", f"--{row['several']}", "2"),
                *options,
                *("--json", str(record), str(HELD / program)),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if not record.exists():
            return HeldRun(program, truth, "failed", (done.stdout + done.stderr)[-2000:])
        found = json.loads(record.read_text(encoding="utf-8"))
    line = f"{found['share']:.0%}: {found['evidence']}"
    return HeldRun(program, truth, str(found["bound_by"]), line)


@contextlib.contextmanager
def changing_load() -> Iterator[None]:
    """Other processes work in the block, for random times, on 0 to all cores."""
    over = threading.Event()

    def keep() -> None:
        chance = random.Random(1)
        while not over.is_set():
            seconds = chance.uniform(0.5, _LONGEST)
            count = chance.randrange((os.cpu_count() or 1) + 1)
            busy = [
                multiprocessing.Process(target=_work, args=(seconds,), daemon=True)
                for _ in range(count)
            ]
            for each in busy:
                each.start()
            over.wait(seconds)
            for each in busy:
                each.join()

    keeping = threading.Thread(target=keep)
    keeping.start()
    try:
        yield
    finally:
        over.set()
        keeping.join()


def _work(seconds: float) -> None:
    import time

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(10_000))


def main(words: list[str]) -> int:
    """Run the programs that the words name, and return 1 if less than 95 % are right."""
    names = [word for word in words if word.endswith(".py")]
    times = next((int(word) for word in words if word.isdigit()), 1)
    done: list[HeldRun] = []
    with changing_load() if "--load" in words else contextlib.nullcontext():
        for number in range(times):
            for program in names or truths():
                run = held_run(program)
                done.append(run)
                mark = "right" if run.is_right else "WRONG"
                print(f"{number} {mark} {program}: {run.said} {run.headline}", flush=True)
    right = sum(run.is_right for run in done)
    alarms = sum(run.is_false_alarm for run in done)
    print(f"{right} of {len(done)} right, {alarms} false alarms")
    return int(right < 0.95 * len(done) or bool(alarms))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
