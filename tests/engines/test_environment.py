"""Workers that somebody else has started: on two hosts with addresses of their own, and by mpirun.

What is looked at is what the same command shows on one machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engines.programs import PROGRAM, SCENARIOS, STEPS_FOR_EVER, cells
from tests.engines.two_hosts import ADDRESSES, ISOLATED, ROOT, Ended, on_two_hosts

pytestmark = pytest.mark.engine

HERE = ("--engine", "environment")


@pytest.fixture(autouse=True)
def _needs_hosts() -> None:
    if missing := [name for name in ("ip", "nsenter", "unshare") if not shutil.which(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}")


def recorded(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text())


def test_two_hosts_give_the_verdicts_of_one_machine(tmp_path: Path) -> None:
    """Every case has the same verdict on two hosts as on one machine, and all are expected."""
    words = ["--strategy", "multi_worker_mirrored", "--strategy", "mirrored", *SCENARIOS]
    ended = on_two_hosts(["worker", "--folder", "run", *words], tmp_path)
    assert [each.status for each in ended] == [0, 0], ended
    here = tmp_path / "here.json"
    command = [sys.executable, "-m", "testbed", "run", *words]
    subprocess.run([*command, "--json", str(here)], cwd=ROOT, check=True, capture_output=True)
    there = recorded(tmp_path / "run")
    assert cells(there) == cells(json.loads(here.read_text()))
    assert len(cells(there)) > 40
    used = json.dumps([case["reports"] for case in there["cases"]])
    assert "/job:worker/replica:0/task:1/" in used


def test_a_program_on_two_hosts(tmp_path: Path) -> None:
    """A program runs as one worker on each host, at the addresses that TF_CONFIG has."""
    (tmp_path / "train.py").write_text(PROGRAM)
    ended = on_two_hosts(["launch", *HERE, "--folder", "run", "train.py", "a b"], tmp_path)
    assert [each.status for each in ended] == [0, 0], ended
    told = sorted(ended[0].out.splitlines())
    assert told == [
        f"worker {number} | {ADDRESSES[number]}:2222 6.0 ['a b']" for number in (0, 1)
    ], ended


def test_a_check_on_two_hosts(tmp_path: Path) -> None:
    """A finding needs both workers' evidence, and is found on two hosts as well."""
    (tmp_path / "train.py").write_text(PROGRAM.replace("# SEED", "unsynced.assign(index)"))
    ended = on_two_hosts(["check", *HERE, "--folder", "run", "train.py"], tmp_path)
    assert [each.status for each in ended] == [1, 1] or ended[0].status == 1, ended
    assert "TB2" in ended[0].out, ended[0]


def lost(ended: list[Ended]) -> None:
    """Both ranks have ended in time, and have said that the other one is gone."""
    assert all(each.status for each in ended), ended
    # Of beats none is heard for 8 s; then the workers are ended, which takes some seconds.
    assert max(each.after for each in ended) < 30, ended
    assert (
        f"worker 1's host {ADDRESSES[1]} is gone: nothing was heard of it for 8 s" in ended[0].err
    )
    assert "worker 0 is gone: nothing was heard of it for 8 s" in ended[1].err


def test_a_cable_that_is_pulled_ends_a_program(tmp_path: Path) -> None:
    """When the network between two hosts is gone for good, both ranks end and say so."""
    (tmp_path / "train.py").write_text(STEPS_FOR_EVER)
    words = ["launch", *HERE, "--folder", "run", "train.py"]
    lost(on_two_hosts(words, tmp_path, cut_at=tmp_path / "stepped"))


def test_a_cable_that_is_pulled_ends_a_run(tmp_path: Path) -> None:
    """Cases that were judged before the network was gone are kept, and the others say why not."""
    words = ["worker", "--folder", "run", "--strategy", "multi_worker_mirrored", "module_global"]
    ended = on_two_hosts(words, tmp_path, cut_at=tmp_path / "run" / "progress.json")
    assert all(each.status for each in ended), ended
    assert max(each.after for each in ended) < 40, ended
    cases = recorded(tmp_path / "run")["cases"]
    assert cases[0]["as_expected"]
    assert f"worker 1's host {ADDRESSES[1]} is gone" in cases[-1]["evidence"]


def test_hosts_that_are_named_as_pods(tmp_path: Path) -> None:
    """Pods of an Indexed Job find each other by the names that their Service gives them."""
    (tmp_path / "train.py").write_text(PROGRAM)
    names = [f"run-{number}.run.default.svc.cluster.local" for number in range(2)]
    ended = on_two_hosts(
        ["launch", *HERE, "--workers", "2", "--folder", "shared", "train.py"],
        tmp_path,
        ranks=lambda number: {"JOB_COMPLETION_INDEX": str(number)},
        names=names,
    )
    assert [each.status for each in ended] == [0, 0], ended
    told = sorted(line.split()[3].rpartition(":")[0] for line in ended[0].out.splitlines())
    assert told == names, ended
    assert f"worker 1 of 2 at {names[1]}, says JOB_COMPLETION_INDEX" in ended[1].err


@pytest.mark.skipif(not shutil.which("mpirun"), reason="Open MPI is not installed")
@pytest.mark.parametrize("more", [{}, {"JOB_COMPLETION_INDEX": "7"}])
def test_ranks_of_mpirun(tmp_path: Path, more: dict[str, str]) -> None:
    """mpirun's variables say who is who, before those of Kubernetes, and it says so."""
    (tmp_path / "train.py").write_text(PROGRAM)
    done = mpirun(tmp_path, more, "launch", *HERE, "--folder", "run", "train.py")
    assert done.returncode == 0, done.stderr
    assert sorted(line.split()[-2] for line in done.stdout.splitlines()) == ["6.0", "6.0"], done
    assert "testbed: worker 1 of 2 at 127.0.0.1, says OMPI_COMM_WORLD_RANK" in done.stderr


@pytest.mark.skipif(not shutil.which("mpirun"), reason="Open MPI is not installed")
def test_tf_config_comes_before_mpirun(tmp_path: Path) -> None:
    """Where both are there TF_CONFIG counts: two ranks that are both worker 0 are told so."""
    config = {"cluster": {"worker": ["127.0.0.1:2222", "127.0.0.1:2223"]}}
    task = {"task": {"type": "worker", "index": 0}}
    more = {"TF_CONFIG": json.dumps({**config, **task})}
    words = ("--folder", "run", "--meeting-timeout", "5", "module_global.counter")
    done = mpirun(tmp_path, more, "worker", *words)
    assert done.returncode != 0
    assert "says TF_CONFIG (OMPI_COMM_WORLD_RANK not asked)" in done.stderr
    assert "is there a second worker 0?" in done.stderr


def mpirun(folder: Path, more: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Two ranks of Open MPI on this machine, in namespaces of their own."""
    set_here = [f"{name}={value}" for name, value in more.items()]
    mpi = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2"]
    # Open MPI looks for its peers over the network, of which there is only loopback.
    mpi += ["--mca", "btl", "self,vader", "--mca", "oob_tcp_if_include", "lo"]
    command = [*mpi, "env", *set_here, sys.executable, "-m", "testbed", *words]
    run = f"import os; os.execvp({command[0]!r}, {command!r})"
    return subprocess.run(
        [sys.executable, *ISOLATED, "-c", run],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
