"""Commands of the testbed on a real Slurm of two nodes, and what becomes of them under faults."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.engines.programs import PROGRAM, SCENARIOS, STEPS_FOR_EVER, cells
from tests.engines.slurm_cluster import ROOT, SlurmCluster

pytestmark = pytest.mark.engine


class Typed:
    """Commands that are typed in a folder, on the host where jobs are submitted."""

    def __init__(self, slurm: SlurmCluster, folder: Path) -> None:
        self.slurm = slurm
        self.folder = folder

    def start(self, *words: str) -> subprocess.Popen[str]:
        typed = ("env", "-C", str(self.folder), f"PYTHONPATH={ROOT}", sys.executable, "-m")
        return self.slurm.start(*typed, "testbed", *words)

    def run(self, *words: str) -> tuple[int, str, str]:
        return self.end(self.start(*words))

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        out, err = process.communicate(timeout=150)
        return process.returncode, out, err

    @property
    def shared(self) -> Path:
        """The folder of the only run."""
        (run,) = (self.folder / ".testbed" / "runs").iterdir()
        return run

    @property
    def jobs(self) -> str:
        return self.slurm.run("squeue", "--noheader").stdout


@pytest.fixture
def typed(slurm: SlurmCluster, tmp_path: Path) -> Typed:
    return Typed(slurm, tmp_path)


def until(holds: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        Event().wait(0.05)


def process_of(run: Path, rank: int) -> int:
    """The process, as this host numbers it, that Slurm has started as a rank of a run."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        # The preloaded servers have its variables, too, and other words.
        is_rank = b"--engine" in command and str(run).encode() in command
        if is_rank and f"SLURM_PROCID={rank}".encode() in environment:
            return int(entry.name)
    raise AssertionError(f"no rank {rank} of {run}")


def test_slurm_gives_the_verdicts_of_one_machine(typed: Typed, tmp_path: Path) -> None:
    """Every case has the same verdict as a job of Slurm's as on one machine."""
    there, here = tmp_path / "there.json", tmp_path / "here.json"
    words = ["--strategy", "multi_worker_mirrored", "--strategy", "mirrored", *SCENARIOS]
    asked = ("--engine", "slurm", "--workers", "2", "--partition", "all")
    status, out, err = typed.run("run", *asked, "--json", str(there), *words)
    assert status == 0, err
    assert "0 unexpected" in out
    assert re.search(r"^Slurm job \d+: running on n\[1-2\]$", err, re.MULTILINE), err
    assert "testbed: worker 0 of 2 at 127.0.0.1, says SLURM_PROCID" in err
    command = [sys.executable, "-m", "testbed", "run", *words, "--json", str(here)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = cells(json.loads(there.read_text()))
    assert found == cells(json.loads(here.read_text()))
    assert len(found) > 40


def test_a_program_that_fails(typed: Typed) -> None:
    """The status of a program is that of its first worker that failed, and its words are shown."""
    (typed.folder / "train.py").write_text(PROGRAM.replace("# SEED", "sys.exit(7 * index)"))
    status, _, err = typed.run("launch", "--engine", "slurm", "train.py")
    assert status == 7, err
    assert "testbed: worker 1 failed after" in err
    assert "with exit code 7" in err
    assert typed.jobs == ""


def test_a_check(typed: Typed) -> None:
    """What two workers differ in is found, though each of them is on a node of its own."""
    (typed.folder / "train.py").write_text(PROGRAM.replace("# SEED", "unsynced.assign(index)"))
    status, out, err = typed.run("check", "--engine", "slurm", "--format", "json", "train.py")
    assert status == 1, err
    assert any(found["code"].startswith("TB2") for found in json.loads(out)["findings"]), out


def test_a_benchmark(typed: Typed) -> None:
    """Figures of two workers come from two nodes."""
    asked = ("bench", "wire", "--quick", "--rounds", "1", "--engine", "slurm", "--json", "b.json")
    status, _, err = typed.run(*asked)
    assert status == 0, err
    record: Any = json.loads((typed.folder / "b.json").read_text())
    assert {row["workers"] for row in record["rows"]} == {1, 2}


def test_a_worker_that_is_killed(typed: Typed) -> None:
    """A worker that is killed on one node is named as on one machine, and the job is over."""
    (typed.folder / "train.py").write_text(STEPS_FOR_EVER)
    process = typed.start("launch", "--engine", "slurm", "train.py")
    until((typed.folder / "pid-1").exists, process)
    until((typed.folder / "stepped").exists, process)
    typed.slurm.run("kill", "-KILL", (typed.folder / "pid-1").read_text())
    status, _, err = typed.end(process)
    assert status == 128 + signal.SIGKILL, err
    assert re.search(
        r"^testbed: worker 1 ended after .* s in phase 'joined': killed by SIGKILL", err, re.M
    )
    assert typed.jobs == ""


def test_a_rank_that_is_killed(typed: Typed) -> None:
    """A process of Slurm that is killed ends the job, and the cause is told, not the aftermath."""
    (typed.folder / "train.py").write_text(STEPS_FOR_EVER)
    process = typed.start("launch", "--engine", "slurm", "train.py")
    until((typed.folder / "stepped").exists, process)
    os.kill(process_of(typed.shared, 1), signal.SIGKILL)
    struck = time.monotonic()
    status, _, err = typed.end(process)
    assert status not in (0, 130), err
    assert "worker 1's host 127.0.0.1 is gone: the connection was closed" in err
    assert time.monotonic() - struck < 30
    assert typed.jobs == ""


def test_the_leading_rank_that_is_killed(typed: Typed) -> None:
    """Where worker 0's process is killed the command says so, and what was judged is collected."""
    process = typed.start("run", "--engine", "slurm", "module_global")
    until(lambda: list(typed.folder.glob(".testbed/runs/*/progress.json")), process)
    os.kill(process_of(typed.shared, 0), signal.SIGKILL)
    status, _, err = typed.end(process)
    assert status == 1
    assert re.search(r"Slurm job \d+: failed \(n1: task 0: Killed", err), err
    assert typed.jobs == ""
    status, out, err = typed.run("report", str(typed.shared))
    assert status == 0, err
    assert "not judged: " in out
    assert "behaves" in out


def test_an_interrupted_run(typed: Typed) -> None:
    """Ctrl-C where the run was typed cancels the job, and no process of it is left."""
    (typed.folder / "train.py").write_text(STEPS_FOR_EVER)
    process = typed.start("launch", "--engine", "slurm", "train.py")
    until((typed.folder / "stepped").exists, process)
    typed.slurm.interrupt(process)
    assert typed.end(process)[0] == 130
    assert typed.jobs == ""
    with pytest.raises(AssertionError):
        process_of(typed.shared, 1)


def test_a_script_that_is_submitted_twice(typed: Typed) -> None:
    """An exported script makes a run of its own each time, which can be reported."""
    asked = ("run", "--engine", "slurm", "--workers", "2", "--export", "job.sbatch")
    status, out, err = typed.run(*asked, "module_global.counter")
    assert (status, out) == (0, "submit it with: sbatch job.sbatch\n"), err
    for _ in range(2):
        done = typed.slurm.run(
            "env", "-C", str(typed.folder), f"PYTHONPATH={ROOT}", "sbatch", "--wait", "job.sbatch"
        )
        assert done.returncode == 0, done.stdout + done.stderr
    runs = list((typed.folder / ".testbed" / "runs").glob("slurm-*"))
    assert len(runs) == 2
    status, out, err = typed.run("report", str(runs[0]))
    assert status == 0, err
    assert "0 unexpected" in out
