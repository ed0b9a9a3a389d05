"""What is asked of Slurm, and followed, against a real one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.job_files import JobFiles
from testbed.engines.slurm import main
from tests.engines.slurm_cluster import SlurmCluster

pytestmark = pytest.mark.engine

ASKED = """
import json, sys
from testbed.engines.slurm.scheduler import Scheduler
print(json.dumps(getattr(Scheduler(), sys.argv[1])(sys.argv[2])))
"""
RANK = "import json, os, sys, time; rank = int(os.environ['SLURM_PROCID']); "
ENDS = "open(FOLDER + '/end.json', 'w').write(json.dumps({'status': 0, 'message': ''}))"


def asked(slurm: SlurmCluster, question: str, about: str) -> object:
    done = slurm.run(sys.executable, "-c", ASKED, question, about)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def following(slurm: SlurmCluster, folder: Path, code: str) -> subprocess.Popen[str]:
    """Two processes, one on each node, that run the code."""
    whole = f"FOLDER = {str(folder)!r}; {RANK}{code}"
    return slurm.start(sys.executable, "-m", "tests.engines.follow_slurm", str(folder), whole)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def jobs_of(slurm: SlurmCluster) -> str:
    return slurm.run("squeue", "--noheader").stdout


def test_names_expand_in_the_order_of_slurm(slurm: SlurmCluster) -> None:
    """A list of hosts with several ranges is expanded as Slurm does, n2 before n10."""
    names = [f"rack{rack}n{node}" for rack in (1, 2) for node in range(1, 11)]
    assert asked(slurm, "hostnames", "rack[1-2]n[1-10]") == names


def test_a_node_has_an_address(slurm: SlurmCluster) -> None:
    """Nodes are reached where Slurm reaches them, whatever their names say."""
    assert asked(slurm, "addresses", "n[1-2]") == dict.fromkeys(("n1", "n2"), "127.0.0.1")


def test_a_job_is_followed_to_its_end(slurm: SlurmCluster, tmp_path: Path) -> None:
    """What process 0 prints is shown, exactly and alone, and its status is the command's."""
    code = "print('hello from', rank); print('a complaint', file=sys.stderr); time.sleep(2); "
    code += "rank or " + ENDS
    folder = tmp_path / "a run"
    status, out, err = ended(following(slurm, folder, code))
    assert (status, out) == (0, "hello from 0\n"), err
    assert "a complaint\n" in err
    assert re.search(r"^Slurm job \d+: running on n\[1-2\]$", err, re.MULTILINE)
    assert JobFiles(folder).out(1).read_text() == "hello from 1\n"


def test_a_job_that_fails_says_who_failed_first(slurm: SlurmCluster, tmp_path: Path) -> None:
    """Where one process fails the others are ended, and the line says which it was, and how."""
    code = "print('I am', rank, file=sys.stderr); time.sleep(60 if rank == 0 else 2); sys.exit(3)"
    status, _, err = ended(following(slurm, tmp_path, code))
    assert status == 1
    assert re.search(
        r"^testbed: Slurm job \d+: failed \(n2: task 1: Exited with exit code 3; I am 1\);"
        rf" worker 0 said: I am 0; see {re.escape(str(tmp_path))}/engine$",
        err,
        re.MULTILINE,
    ), err
    assert jobs_of(slurm) == ""


def test_an_interrupted_job_is_cancelled(slurm: SlurmCluster, tmp_path: Path) -> None:
    """Ctrl-C ends the job as well, and the command only after it."""
    process = following(slurm, tmp_path, "print('started'); time.sleep(60)")
    started = JobFiles(tmp_path).out(1)
    deadline = time.monotonic() + 30
    while not (started.exists() and started.read_text()):
        assert time.monotonic() < deadline
        Event().wait(0.1)
    slurm.interrupt(process)
    assert ended(process)[0] == 130
    assert jobs_of(slurm) == ""


def test_a_job_that_cannot_become_the_command(slurm: SlurmCluster, tmp_path: Path) -> None:
    """Where a process does not even get to run the command, the line says why."""
    (tmp_path / "cloudpickle.py").write_text("raise ImportError('submitit cannot start here')")
    run = tmp_path / "run"
    broken = f"export=ALL,PYTHONPATH={tmp_path}"
    done = slurm.run(sys.executable, "-m", "tests.engines.follow_slurm", str(run), "", broken)
    assert done.returncode == 1
    assert "; ImportError: submitit cannot start here); see " in done.stderr


def test_a_job_that_slurm_refuses(slurm: SlurmCluster, tmp_path: Path) -> None:
    """What sbatch refuses is told in its own words, once."""
    words = ("-m", "tests.engines.follow_slurm", str(tmp_path), "", "partition=none")
    done = slurm.run(sys.executable, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "testbed: Slurm has not taken the job: sbatch: error: Batch job submission failed:"
        " Invalid partition name specified\n"
    )


def test_a_script_that_is_submitted_by_hand(slurm: SlurmCluster, tmp_path: Path) -> None:
    """The script that is exported runs the command in every task, whatever its folder is called."""
    folder, script = tmp_path / "100% 'mine'", tmp_path / "job.sbatch"
    inner = InnerCommand(("list",), str(folder), 2)
    assert main(EngineOptions(export=str(script)), inner) == 0
    done = slurm.run("sbatch", "--wait", f"--output={tmp_path}/batch.out", str(script))
    assert done.returncode == 0, (tmp_path / "batch.out").read_text()
    texts = [JobFiles(folder).out(worker).read_text() for worker in (0, 1)]
    assert texts[0] == texts[1] != ""
